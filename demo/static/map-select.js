// What was selected: one object, {rows, label, in: which rows}, or null; and the one garment that was chosen.
const SHOWN = 60; // cards; whatever acts on a selection acts on all of it
let selection = null, chosen = -1, told = 0;
const known = new Map(); // row -> what server.garments said of it

function selectRows(rows, label = "") {
  selection = rows && rows.length ? { rows, label, in: new Uint8Array(map.count) } : null;
  if (selection) for (const row of rows) selection.in[row] = 1;
  arrange();
  showLegend();
  showSelection();
}

async function garmentsOf(rows) {
  if (rows.some((row) => !known.has(row))) {
    const found = await ask(server.garments, { rows });
    if (!found) return [];
    for (const garment of found.garments) known.set(garment.row, garment);
  }
  return rows.map((row) => known.get(row));
}

function rankOf(row) {
  const at = path ? path.hits.indexOf(row) : -1;
  return at < 0 ? 0 : at + 1;
}

async function showSelection() {
  const mine = ++told;
  part("chosen").hidden = !selection;
  if (!selection) return part("cards").replaceChildren();
  const { rows, label } = selection;
  part("chosen-title").textContent = `${count(rows.length)} selected${label ? `: ${label}` : ""}`;
  part("acts").replaceChildren(...actsOf(rows, label));
  const hits = rows.filter(rankOf).sort((a, b) => rankOf(a) - rankOf(b)), rest = rows.filter((row) => !rankOf(row));
  const garments = await garmentsOf([...hits, ...rest].slice(0, SHOWN));
  if (mine !== told) return;
  part("cards").replaceChildren(...garments.map(tileOf));
  [...part("cards").children].forEach((item, at) => reach(item, at === 0));
  part("chosen-note").textContent = rows.length > SHOWN ? `${SHOWN} of ${rows.length.toLocaleString("en")} are shown, the hits of the last query first.` : "";
  element.dataset.shown = String(rows.length);
}

function tileOf(garment) {
  const item = make("div", "map-card"), tile = makeButton("map-tile", "", nameOf(garment)), rank = rankOf(garment.row);
  item.setAttribute("role", "listitem");
  item.dataset.id = garment.id;
  tile.append(makePhoto(garment.card, ""));
  if (rank) tile.append(make("span", "rank", String(rank)));
  tile.append(make("span", "map-words", nameOf(garment)));
  tile.addEventListener("click", () => choose(garment.row));
  item.append(tile);
  return item;
}

function actsOf(rows, label) {
  const act = (text, does, kind = "quiet") => {
    const button = makeButton(kind, text);
    button.addEventListener("click", does);
    return button;
  };
  const acts = [act("Search within these", () => searchWithin(rows, label), "quiet is-strong")];
  if (answer) {
    const words = answer.query.text ? `“${answer.query.text.length > 28 ? answer.query.text.slice(0, 27) + "…" : answer.query.text}”` : "the last query";
    acts.push(act(`Judge for ${words}`, () => judgeWithin(rows, label)));
  }
  acts.push(act("Save as CSV", () => save(rows, "csv")), act("Save as JSON", () => save(rows, "json")), act("Clear", () => selectRows(null)));
  return acts;
}

// To Search, with the cursor in the change: once Gradio shows it, some frames later.
function typeOnSearch() {
  openTab("Search");
  let left = 60;
  const settle = () => {
    const box = document.querySelector("#change textarea");
    if (box?.offsetParent) box.focus();
    else if (left--) requestAnimationFrame(settle);
  };
  settle();
}

async function within(rows, label) {
  const found = await ask(server.table, { rows });
  return found && { ids: found.rows.map(([id]) => id), label };
}
async function searchWithin(rows, label) {
  const these = await within(rows, label);
  if (!these) return;
  tell("within", these);
  typeOnSearch();
}
// The last query once more, over the selection alone: its cards are there to be judged.
async function judgeWithin(rows, label) {
  const of = answer, these = await within(rows, label);
  if (!these) return;
  openTab("Search");
  tell("options", { options: { ...of.options, filters: {}, within: these }, second: of.second });
  if (!of.upload) tell("use", { garment: of.reference });
  tell("change", { text: of.change });
}

// A caption that begins like a formula would be run by a spreadsheet.
const cell = (value) => `"${String(value).replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
async function save(rows, kind) {
  const found = await ask(server.table, { rows });
  if (!found) return;
  const { columns } = found;
  const text = kind === "csv"
    ? [columns, ...found.rows].map((row) => row.map((value) => (typeof value === "number" ? value : cell(value))).join(",")).join("\r\n") + "\r\n"
    : JSON.stringify(found.rows.map((row) => Object.fromEntries(row.map((value, at) => [columns[at], value]))), null, 1) + "\n";
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([text], { type: kind === "csv" ? "text/csv" : "application/json" }));
  link.download = `hemline-selection.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// One garment, beside the map.
async function choose(row) {
  chosen = row;
  draw(false);
  const box = part("one");
  if (row < 0) return box.replaceChildren();
  bringIn(row);
  const [garment] = await garmentsOf([row]);
  if (!garment || row !== chosen) return;
  const head = make("div", "map-one-head"), use = makeButton("quiet", "Use as reference"), close = makeButton("quiet", "×", "Close");
  use.addEventListener("click", () => {
    tell("use", { garment });
    typeOnSearch();
  });
  close.addEventListener("click", () => choose(-1));
  const words = make("div", "map-one-words"), rank = rankOf(row), said = make("ul", "map-said");
  said.append(...garment.said.map((value) => make("li", "", value)));
  words.append(make("p", "map-one-name", nameOf(garment)), said);
  if (rank) words.append(make("p", "map-hint", `Rank ${rank} for the last query`));
  words.append(use);
  head.append(makePhoto(garment.view, nameOf(garment), true), words, close);
  box.replaceChildren(head);
}

function bringIn(row) {
  const x = atX(map.X[row]), y = atY(map.Y[row]);
  if (x > 20 && y > 20 && x < wide - 20 && y < high - 20) return;
  view.x += (x - wide / 2) / view.zoom;
  view.y += (y - high / 2) / view.zoom;
  hold();
  draw();
}

let pause = 0;
async function match() {
  const words = part("words").value.trim();
  if (!words) return selection?.label.startsWith("“") && selectRows(null);
  const found = await ask(server.matching, { words });
  if (!found || words !== part("words").value.trim()) return;
  selectRows(found.rows, `“${words}”`);
  if (!found.rows.length) complain(`No garment matches “${words}”.`);
}
part("words").addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(match, 250);
});
part("find").addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(pause);
  match();
});
roam(part("cards"));
