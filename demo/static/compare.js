// The Compare tab: server.compare answers one query by two sides, server.compare_batch all queries on file.
const part = (name) => element.querySelector(`[data-part="${name}"]`);
const [sidesLine, ask, referenceBox, change, problem, lists, batch] =
  ["sides", "ask", "reference", "change", "problem", "lists", "batch"].map(part);
const SOON = 1500; // ms between two looks at a run that is being made
let catalogue = catalogueNow(), first = "", second = "", query = null, asked = 0, timer = 0, turn = 0, drawn = false;

function complain(text) {
  problem.textContent = text || "";
  problem.hidden = !text;
}

function showReference() {
  const clear = makeButton("link", "Leave out", "Leave the reference out");
  clear.addEventListener("click", () => {
    query = null;
    showReference();
  });
  if (query?.reference) referenceBox.replaceChildren(makePhoto(query.reference.card, nameOf(query.reference)), clear);
  else if (query?.upload) referenceBox.replaceChildren(make("span", "desk-words", "Your photo, from Search"), clear);
  else referenceBox.replaceChildren(make("span", "desk-words", "No reference: choose one in Search, or ask by words alone."));
}

async function look() {
  const mine = ++asked, text = change.value.trim();
  const wish = { catalogue, first, second, text, reference_id: query?.reference?.id, upload: query?.upload };
  lists.setAttribute("aria-busy", "true");
  let page;
  try {
    page = await server.compare(wish);
  } catch (error) {
    console.warn(error);
    return void (mine === asked && complain("No answer. Is the app still running?"));
  }
  if (mine !== asked) return; // a newer question is on its way
  lists.removeAttribute("aria-busy");
  complain(page.problem);
  if (page.first) showSides(page);
  if (page.first?.hits && page.second?.hits) drawLists(page);
  else lists.replaceChildren(make("p", "desk-empty", page.problem ? "" : "Ask something in Search, then come back; or write what you look for above."));
}

function showSides({ sides, first: one, second: two }) {
  [first, second] = [one.name, two.name];
  if (!sidesLine.children.length) {
    sidesLine.append(
      makeChoice("On the left", [], (name) => { first = name; both(); }),
      makeChoice("On the right", [], (name) => { second = name; both(); }),
    );
    const turned = makeButton("quiet errors-clear", "Swap");
    turned.addEventListener("click", () => { [first, second] = [second, first]; both(); });
    sidesLine.append(turned);
  }
  const pairs = sides.map(({ name, label }) => [name, label]);
  for (const [place, select] of sidesLine.querySelectorAll("select").entries()) setChoices(select, pairs, [first, second][place]);
}

// Where a garment of one list stands in the other; `right` tells it as a move from left to right.
function moveOf(hit, right) {
  if (hit.other === null) return [right ? "new" : "gone", right ? "new" : "gone", `not among the other’s first hundred`];
  const by = hit.other - hit.rank;
  if (!right) return hit.other > 12 ? ["gone", `→ ${hit.other}`, `rank ${hit.other} on the right`] : ["", "", `rank ${hit.other} on the right`];
  if (hit.other > 12) return ["new", `▲${by}`, `from rank ${hit.other} on the left`];
  if (!by) return ["same", "=", "the same rank on the left"];
  return by > 0 ? ["up", `▲${by}`, `up ${by} from the left`] : ["down", `▼${-by}`, `down ${-by} from the left`];
}

function cardOf(hit, right, targets) {
  const [kind, mark, said] = moveOf(hit, right), card = make("li", "compared");
  card.dataset.id = hit.id;
  card.dataset.move = kind;
  const words = make("span", "compared-words", nameOf(hit));
  words.title = nameOf(hit);
  const marks = make("span", "compared-marks"), move = make("span", "compared-move", mark);
  marks.append(make("span", "compared-rank", String(hit.rank)), make("span", "compared-score", hit.score.toFixed(3)));
  if (targets.includes(hit.id)) marks.append(make("span", "compared-target", "target"));
  move.title = said;
  card.append(makePhoto(hit.card, "", true), words, marks, move);
  card.setAttribute("aria-label", `Rank ${hit.rank}, ${nameOf(hit)}, ${said}${targets.includes(hit.id) ? ", the target" : ""}`);
  return card;
}

function drawLists({ first: one, second: two, targets }) {
  const listOf = (side, right) => {
    const box = make("div", "compared-side"), list = make("ol", "compared-list");
    list.append(...side.hits.map((hit) => cardOf(hit, right, targets)));
    box.append(make("h3", "compared-title", side.label), list);
    return box;
  };
  const rows = Math.max(one.hits.length, two.hits.length), lines = makeSvg("svg", { viewBox: `0 0 100 ${rows}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  lines.classList.add("compared-lines");
  for (const hit of two.hits) {
    const from = one.hits.findIndex(({ id }) => id === hit.id);
    if (from < 0) continue;
    const [y1, y2] = [from + 0.5, hit.rank - 0.5];
    const path = makeSvg("path", { d: `M0 ${y1} C50 ${y1} 50 ${y2} 100 ${y2}` });
    path.dataset.move = moveOf(hit, true)[0];
    lines.append(path);
  }
  const gap = make("div", "compared-gap");
  gap.append(lines);
  gap.style.setProperty("--rows", rows);
  const shared = two.hits.filter(({ other }) => other !== null && other <= one.hits.length).length;
  lists.replaceChildren(listOf(one, false), gap, listOf(two, true), make("p", "desk-words compared-note", `${shared} of ${two.hits.length} are in both.`));
}

function figureRow(name, one, two, gain) {
  const line = make("tr"), clear = gain && (gain.low > 0 ? "is-better" : gain.high < 0 ? "is-worse" : "");
  const plot = (share) => {
    const cell = make("td", "batch-plot");
    cell.append(make("span", "", share.percent.toFixed(1)));
    if (name !== "median rank") cell.append(makeInterval({ mean: share.percent, low: share.low, high: share.high }, `${name}, ${ends(share)}`));
    cell.append(make("small", "", ends(share)));
    return cell;
  };
  const told = gain ? `${signed(gain.difference)} (${signed(gain.low)} to ${signed(gain.high)}), p ${gain.p.toFixed(4)}` : "";
  line.append(make("td", "", name), plot(one), plot(two), make("td", clear || "", told));
  return line;
}

function drawBatch(page) {
  const { contrast, bands, moves } = page, table = make("table", "board-compared"), head = make("tr"), top = make("thead"), body = make("tbody");
  head.append(...["", "Left", "Right", "Right less left, 95 %"].map((words) => makeHead(words)));
  top.append(head);
  body.append(...Object.keys(page.first).filter((name) => page.second[name]).map((name) => figureRow(name, page.first[name], page.second[name], contrast.gain[name])));
  table.append(top, body);
  const grid = make("table", "moves"), most = Math.max(...moves.flat()), above = make("tr");
  grid.append(make("caption", "", "Rank of the target: left down, right across"));
  above.append(makeHead(""), ...bands.map((band) => makeHead(band)));
  grid.append(above, ...moves.map((some, from) => {
    const line = make("tr"), name = makeHead(bands[from]);
    name.scope = "row";
    line.append(name, ...some.map((many, to) => {
      const cell = make("td", "", many ? number(many) : "");
      cell.dataset.move = to < from ? "up" : to > from ? "down" : "same";
      cell.style.setProperty("--much", many ? 0.15 + 0.85 * (Math.log1p(many) / Math.log1p(most)) : 0);
      return cell;
    }));
    return line;
  }));
  const open = makeButton("quiet", "See these queries in Errors");
  open.addEventListener("click", () => showErrors(second, first));
  const words = `Over ${count(page.queries, "query", "queries")} on file: the right finds the target earlier in ${number(contrast.better)}, later in ${number(contrast.worse)}, at the same rank in ${number(contrast.same)}.`;
  const frame = make("div", "board-frame"), other = make("div", "board-frame");
  frame.append(table);
  other.append(grid);
  const pair = make("div", "batch-pair");
  pair.append(frame, other);
  batch.replaceChildren(make("h3", "desk-title", "Over all queries"), make("p", "desk-words", words), pair, open);
}

async function lookBatch() {
  clearTimeout(timer);
  const of = first + "\n" + second;
  const page = await server.compare_batch({ catalogue, first, second }).catch(() => ({ problem: "The figures cannot be read. Is the app still running?" }));
  if (of !== first + "\n" + second) return;
  if (page.problem) return batch.replaceChildren(make("h3", "desk-title", "Over all queries"), make("p", "desk-words", page.problem));
  if (!page.needs) return drawBatch(page);
  const box = makeNeeds(page, page.label, () => trigger("acted", { turn: ++turn, catalogue, run: page.needs }));
  batch.replaceChildren(make("h3", "desk-title", "Over all queries"), box);
  if (page.job && !page.job.problem && element.offsetParent) timer = setTimeout(lookBatch, SOON);
}

async function both() {
  drawn = true;
  await look();
  if (first) await lookBatch();
}

ask.addEventListener("submit", (event) => {
  event.preventDefault();
  look();
});
watch("reply", () => {
  complain(props.reply?.problem);
  lookBatch();
});
function take(answer) {
  query = { reference: answer.reference, upload: answer.upload };
  change.value = answer.change ?? answer.query.text;
  drawn = false;
  showReference();
}
hear("answered", ({ answer }) => take(answer));
hear("compare-open", () => drawn || both());
hear("compare-lost", () => complain("Not begun: the app did not answer."));
hear("catalogue", ({ name }) => {
  [catalogue, first, second, query, drawn] = [name, "", "", null, false];
  change.value = "";
  lists.replaceChildren();
  batch.replaceChildren();
  showReference();
  if (element.offsetParent) both();
});
showReference();
tell("answer-wanted", { take });
