// The Map tab: what is known of the map, its colours and legend. map-draw paints it, map-path draws the last query,
// map-select holds what was selected, map-hands takes pointer and keys. Garments are rows of the index throughout.
const part = (name) => element.querySelector(`[data-part="${name}"]`);
const [frame, problem, legend, bySelect] = ["frame", "problem", "legend", "by"].map(part);
// Twelve hues that stay apart for every kind of colour blindness (at least 0.08 in OKLab, by Machado's matrices).
const SCALES = {
  values: ["#4a6fe3", "#e69f00", "#44aa99", "#aa4499", "#7f0000", "#66ccee", "#2d6a4f", "#d55e00", "#332288", "#ddcc77", "#c77cff", "#a8d8b9", "#8d8577"],
  judged: ["#d55e00", "#0072b2", "#cc79a7", "#e69f00", "#7f0000"],
  rank: ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30"],
  change: ["#08407e", "#3b83c0", "#93bfe0", "#b9b1a3", "#f0b27a", "#dd7a2b", "#9a4300"],
  share: ["#addc30", "#5ec962", "#21918c", "#3b528b", "#440154"],
};
const OUTWARD = ["rank", "share"]; // from pale to dark; on a dark ground the other way round
const count = (number) => `${number.toLocaleString("en")} ${number === 1 ? "garment" : "garments"}`;
const isDark = () => Boolean(element.closest(".dark") || document.body.classList.contains("dark"));
const annotator = () => (document.querySelector("#annotator textarea, #annotator input")?.value || "").trim();

let catalogue = document.querySelector('#shelf [data-part="catalogue"]')?.value || "", open = false, asking = 0;
let map = null; // as server.points says it, with X and Y as Float32Array from 0 to 1
let classes = [], classOf = new Uint8Array(0), scale = "values", colouredBy = "";
let answer = null; // the last one of this catalogue, as cards.js told it

const about = (more) => ({ catalogue, index: map.index, annotator: annotator(), ...more });
// What the server needs of the last answer; what narrowed it does not change where its query lies.
const ofAnswer = () => (answer ? {
  query: answer.query, upload: answer.upload, change: answer.change, options: { ...answer.options, within: null },
  hits: answer.hits.map(({ id }) => id),
} : {});
const unpack = (text, Kind) => new Kind(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

function complain(text) {
  problem.textContent = text;
  problem.hidden = !text;
}
// One question to the server; null where it was refused, which is told, or the catalogue changed meanwhile.
async function ask(read, more) {
  const of = map;
  let found;
  try {
    found = await read(about(more));
  } catch (error) {
    console.warn(error);
    complain("The map cannot be read. Is the app still running?");
    return null;
  }
  if (of !== map) return null;
  if (found.stale) return void load();
  complain(found.problem || "");
  return found.problem ? null : found;
}

async function load() {
  const mine = ++asking;
  map = null;
  const found = await server.points({ catalogue }).catch(() => ({ problem: "The map cannot be read. Is the app still running?" }));
  if (mine !== asking) return;
  part("main").hidden = Boolean(found.problem);
  part("empty").hidden = !found.problem;
  if (found.problem) return showEmpty(found);
  const from = (text) => Float32Array.from(unpack(text, Uint16Array), (value) => value / 65535);
  known.clear();
  map = { ...found, X: from(found.x), Y: from(found.y) };
  const by = bySelect.value;
  bySelect.replaceChildren(...map.columns.map(({ name, label }) => new Option(label, name)));
  if (map.columns.some(({ name }) => name === by)) bySelect.value = by;
  showTrust();
  choose(-1);
  selectRows(null);
  showWhole();
  await recolour();
  await readPath();
}

function showEmpty({ problem, own }) {
  const box = part("empty"), [why, command] = problem.split("; make it with ");
  box.replaceChildren(make("p", "task-words", `${why[0].toUpperCase()}${why.slice(1)}.`));
  if (!command) return;
  const where = own ? `catalogues/${catalogue}/index in the app’s data folder` : "the folder of this catalogue’s index";
  box.append(make("p", "", "A map shows every garment as a dot, those that the model finds alike close together. Whoever runs the app makes it once:"));
  box.append(make("pre", "map-command", command), make("p", "", `INDEX is ${where}. Then open this tab again.`));
}

async function recolour() {
  const by = bySelect.value, found = await ask(server.colours, { by, ...ofAnswer() });
  if (by !== bySelect.value || !map) return;
  if (found) {
    ({ scale, classes } = found);
    classOf = unpack(found.rows, Uint8Array);
  } else [classes, classOf] = [[{ label: "garments", count: map.count, none: true }], new Uint8Array(map.count)];
  colouredBy = by;
  frame.setAttribute("aria-label", `Map of ${count(map.count)}, coloured by ${bySelect.selectedOptions[0]?.text}`);
  arrange();
  showLegend();
}

function showLegend() {
  part("legend-title").textContent = bySelect.selectedOptions[0]?.text || "";
  legend.replaceChildren(...classes.flatMap(({ label, count: many }, number) => {
    if (!many) return [];
    const item = make("li"), of = `${part("legend-title").textContent}: ${label}`, line = makeButton("map-line", ""), dot = make("i");
    dot.style.background = colourOf(number);
    line.append(dot, make("span", "", label), make("span", "map-many", many.toLocaleString("en")));
    line.setAttribute("aria-pressed", String(Boolean(selection) && selection.label === of));
    line.addEventListener("click", () => {
      if (selection && selection.label === of) return selectRows(null);
      selectRows([...classOf.keys()].filter((row) => classOf[row] === number), of);
    });
    item.append(line);
    return [item];
  }));
}

function showTrust() {
  const percent = Math.round(100 * map.kept);
  part("kept").textContent = `How far to trust it: ${percent} % of neighbours kept`;
  part("trust").textContent = `Of a garment’s ${map.among} nearest in the model’s eyes, ${(map.kept * map.among).toFixed(1)} are among its ${map.among} nearest here; colour by “Trust” to see where. Two dimensions cannot show more: what lies close is alike as a rule, how far groups lie apart means little. A query is placed among its nearest garments, which is an approximation: garments placed that way come to lie ${(100 * map.misplaced).toFixed(1)} % of the map’s width from their own place (median). Made by ${map.method}, ${map.neighbours} neighbours, seed ${map.seed}.`;
}

async function look() {
  open = true;
  if (!map) await load();
  else if (["mine", "everybody"].includes(bySelect.value)) await recolour();
}

tell("answer-wanted", { take: (found) => found.catalogue === catalogue && (answer = found) });
bySelect.addEventListener("change", recolour);
hear("map-open", look);
hear("catalogue", ({ name }) => {
  [catalogue, answer, path, map] = [name, null, null, null];
  asking += 1;
  if (open && element.offsetParent) load();
});
hear("answered", async (told) => {
  answer = told.answer;
  [path, pathOf] = [null, null];
  if (!map) return;
  showSelection();
  if (["rank", "change"].includes(bySelect.value)) await recolour();
  await readPath();
});
