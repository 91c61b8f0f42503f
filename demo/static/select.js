// Several cards at once: shift+click or x picks one, shift+arrows go on, and one verdict judges them all.
const bar = part("selection");
const selected = new Set(); // ids

function showSelection() {
  for (const card of cards.children) card.classList.toggle("is-selected", selected.has(card.dataset.id));
  bar.hidden = !selected.size;
  if (!selected.size) return void bar.replaceChildren();
  const act = (name) => judge(chosenHits(), name);
  const more = makeButton("act more", "⋯", "More verdicts for the selected garments");
  more.setAttribute("aria-haspopup", "menu");
  more.addEventListener("click", () => openMenu(more, "", act));
  const clear = makeButton("quiet", "Clear", "Clear the selection");
  clear.addEventListener("click", clearSelection);
  const count = make("p", "selection-count", `${selected.size} selected`);
  count.setAttribute("role", "status");
  bar.replaceChildren(count, ...MAIN.map((verdict) => makeVerdict(verdict, act)), more, clear);
}

function select(ids, yes = true) {
  for (const id of ids) yes ? selected.add(id) : selected.delete(id);
  showSelection();
  paintAll();
}
const toggleSelected = (id) => select([id], !selected.has(id));
function clearSelection() {
  selected.clear();
  showSelection();
  paintAll();
}
const chosenHits = () => answer.hits.filter(({ id }) => selected.has(id));

// After the arrows moved the focus (dom.js): everything between the two places.
function extend(from) {
  const all = [...cards.children], to = document.activeElement;
  const [first, last] = [all.indexOf(from), all.indexOf(to)].sort((a, b) => a - b);
  if (first >= 0) select(all.slice(first, last + 1).map((card) => card.dataset.id));
}

cards.addEventListener("click", (event) => {
  const card = event.target.closest(".card");
  if (!event.shiftKey || !card || !answer) return;
  event.preventDefault();
  event.stopPropagation();
  toggleSelected(card.dataset.id);
  card.focus();
}, true);
