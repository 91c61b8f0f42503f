// The ranked cards. props.value is an answer of demo.queries.answer_page; acts.js judges them.
const part = (name) => element.querySelector(`[data-part="${name}"]`);
const [title, note, saved, problem, cards, legend, queued] =
  ["title", "note", "saved", "problem", "cards", "legend", "queued"].map(part);
const LONGEST_SEARCH = 120000; // ms, likewise for a search
let current = ""; // the chosen catalogue's name
let answer = null, verdicts = {}, last = 0, searching = 0;
let photo = null; // the uploaded reference as the browser has it: {path, address, title, consent}
let queue = null, coming = null; // where this query stands in the queue of useful ones: {at, of}; the next one

function say(text, kind = "") {
  saved.textContent = text;
  saved.className = "saved" + (kind ? " is-" + kind : "");
}
function complain(text) {
  problem.textContent = text;
  problem.hidden = !text;
}

function cardOf(hit, place) {
  const card = make("div", "card");
  card.setAttribute("role", "listitem");
  card.dataset.id = hit.id;
  const look = makePhoto(hit.card, "", place < 8);
  look.addEventListener("click", () => closer(hit));
  const top = make("div", "card-top");
  top.append(make("span", "rank", String(hit.rank)), make("span", "badge"));
  const foot = make("div", "card-foot");
  const line = make("div", "card-line");
  line.append(make("span", "score", hit.score.toFixed(3)));
  const reuse = makeButton("quiet reuse", "", `Use rank ${hit.rank} as the reference`);
  reuse.append(make("span", "roomy", "Use "), "as reference");
  reuse.addEventListener("click", () => tell("use", { garment: hit }));
  line.append(reuse);
  const words = make("p", "card-words", nameOf(hit));
  words.title = nameOf(hit);
  const acts = make("div", "acts"), end = make("span", "acts-end");
  acts.append(...MAIN.map((verdict) => makeVerdict(verdict, (name) => judge([hit], name), false)), end);
  const more = makeButton("act more", "⋯", `More verdicts for rank ${hit.rank}`);
  more.setAttribute("aria-haspopup", "menu");
  more.addEventListener("click", () => {
    const pick = ["Select with others", "x", () => toggleSelected(hit.id)];
    const second = ["Use as second reference", "", () => tell("second", { garment: hit })];
    openMenu(more, (verdicts[hit.id] || {}).verdict, (name) => judge([hit], name), [pick, second]);
  });
  end.append(acts.children[MAIN.length - 1], more);
  foot.append(line, words);
  if (hit.meets.parts.length) foot.append(meetsOf(hit.meets));
  if (hit.folded.length) foot.append(foldedOf(hit));
  foot.append(acts);
  card.append(look, top, foot);
  reach(card, place === 0);
  return card;
}

function paint(hit) {
  const card = [...cards.children].find((item) => item.dataset.id === hit.id);
  if (!card) return;
  const waiting = isWaiting(hit.id);
  const verdict = (verdicts[hit.id] || {}).verdict || "";
  card.dataset.verdict = verdict;
  card.dataset.role = roleOf(verdict);
  card.classList.toggle("is-saving", waiting);
  card.querySelector(".badge").textContent = waiting ? "saving …" : verdict;
  for (const button of card.querySelectorAll(".act[data-verdict]")) {
    button.setAttribute("aria-pressed", String(button.dataset.verdict === verdict));
  }
  const inMenu = verdict && !MAIN.some(({ name }) => name === verdict);
  card.querySelector(".more").dataset.role = inMenu ? roleOf(verdict) : "other";
  card.querySelector(".more").classList.toggle("is-on", Boolean(inMenu));
  const state = [waiting ? "saving" : verdict ? "judged " + verdict : "not judged"];
  if (selected.has(hit.id)) state.push("selected");
  paintCloser(hit, verdict);
  card.setAttribute("aria-label", `Rank ${hit.rank}, score ${hit.score.toFixed(3)}, ${nameOf(hit)}, ${state.join(", ")}`);
}
const paintAll = () => (answer ? answer.hits : []).forEach(paint);

// The reference as a garment to show: of the catalogue, or the uploaded photo this browser still has.
function referenceOf(answer) {
  if (answer.reference) return answer.reference;
  if (!photo || !answer.upload || photo.path !== answer.upload) return null;
  return { id: "", caption: photo.title, card: photo.address, view: photo.address };
}

function showLegend() {
  const item = (names, words) => {
    const line = make("span");
    line.append(...names.map(makeKey), words);
    return line;
  };
  const change = makeButton("link", "Change keys");
  change.addEventListener("click", () => tell("keys"));
  legend.replaceChildren(
    ...VOCABULARY.map(({ name, role }) => {
      const line = item([keys.get(name)], name);
      line.dataset.role = role;
      return line;
    }),
    item(["u"], "undo"), item(["⇧u"], "redo"), item(["x"], "select"), item(["r"], "use as reference"),
    item(["Enter"], "look closer"), item(["/"], "the change"), change,
  );
}

function showQueued() {
  queued.hidden = !queue;
  if (!queue) return;
  const next = makeButton("quiet", "");
  next.append(make("span", "", queue.at < queue.of ? "Next query" : "Back to the queue"), makeKey("j"));
  next.addEventListener("click", () => tell("queue-next"));
  queued.replaceChildren(make("p", "", `Query ${queue.at} of ${queue.of} from the queue`), next);
}

function draw() {
  clearTimeout(searching);
  answer = props.value;
  if (!answer) return;
  if (!answer.problem && answer.catalogue !== current) return void (answer = null); // asked before a switch
  cards.classList.remove("is-waiting");
  cards.removeAttribute("aria-busy");
  if (answer.problem) {
    cards.replaceChildren();
    title.textContent = "No answer";
    note.textContent = "";
    legend.hidden = true;
    complain(answer.problem);
    answer = null;
    return;
  }
  complain("");
  verdicts = answer.state.verdicts;
  last = answer.state.last;
  selected.clear();
  title.textContent = answer.query.text ? `“${answer.query.text}”` : "Most like the reference";
  note.textContent = `${answer.hits.length} best, in ${answer.seconds.toFixed(2)} s`;
  cards.replaceChildren(...answer.hits.map(cardOf));
  legend.hidden = Boolean(answer.unjudged);
  element.classList.toggle("is-unjudged", Boolean(answer.unjudged));
  showSelection();
  showQueued();
  paintAll();
  say(answer.unjudged || (answer.state.total ? `${judgements(answer.state.total)} saved` : ""));
  // whoever asked goes on to judge, unless they already typed something else or are at the options
  const choosing = document.activeElement?.closest("#options");
  if (!choosing && matchMedia("(max-width: 900px)").matches) element.scrollIntoView({ behavior: "smooth" });
  if (!choosing && changeBox().value.trim() === answer.change) cards.firstElementChild?.focus({ preventScroll: true });
  tell("answered", { answer });
}
const changeBox = () => document.querySelector("#change textarea");

function wait() {
  part("answers").hidden = false;
  complain("");
  legend.hidden = true;
  title.textContent = "Searching …";
  note.textContent = "";
  answer = null;
  [queue, coming] = [coming, null];
  queued.hidden = true;
  selected.clear();
  showSelection();
  cards.classList.add("is-waiting");
  cards.setAttribute("aria-busy", "true");
  cards.replaceChildren(...Array.from({ length: 12 }, () => make("div", "card skeleton")));
  clearTimeout(searching);
  searching = setTimeout(fail, LONGEST_SEARCH);
}

function fail() {
  clearTimeout(searching);
  cards.replaceChildren();
  cards.removeAttribute("aria-busy");
  title.textContent = "No answer";
  complain("The app did not answer. If it is still running, search again.");
}

roam(cards);
element.addEventListener("keydown", (event) => {
  const way = answer && stepOf(event);
  if (way) {
    event.preventDefault();
    return step(way);
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !answer) return;
  const key = keyOf(event), verdict = verdictOf(key);
  const card = event.target.closest(".card");
  const id = dialog.open ? dialog.dataset.id : card && card.dataset.id;
  const hit = answer.hits.find((item) => item.id === id);
  if (key === "Escape" && selected.size && !dialog.open) return clearSelection();
  if (key === "j" && queue && !verdict) return tell("queue-next");
  if (!hit) return;
  if (dialog.open && key.startsWith("Arrow")) closer(beside(hit, key));
  else if (event.shiftKey && key.startsWith("Arrow")) extend(card);
  else if (verdict && !event.repeat) judge(selected.size && !dialog.open ? chosenHits() : [hit], verdict);
  else if (key === "x" && !dialog.open) toggleSelected(hit.id);
  else if (key === "r" && !dialog.open) tell("use", { garment: hit });
  else if (key === "Enter" && event.target === card) closer(hit);
  else return;
  event.preventDefault();
});

watch("value", draw);
hear("searching", wait);
hear("photo", (kept) => (photo = kept));
hear("keys-changed", () => {
  readKeys();
  showLegend();
  showSelection();
});
hear("queue-at", (place) => (coming = place));
showLegend();
hear("catalogue", ({ name }) => { // cards of another catalogue are no answer here
  current = name;
  answer = null;
  dialog.close();
  cards.replaceChildren();
  part("answers").hidden = true;
});
hear("failed", fail);
hear("answer-wanted", ({ take }) => answer && take(answer)); // of a tab that was not there when it came
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, dialog") || !element.offsetParent) return;
  event.preventDefault();
  changeBox().focus();
});
