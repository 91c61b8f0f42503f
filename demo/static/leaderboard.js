// The Leaderboard tab: server.leaderboard gives the rows, and of one row what it comes from.
const part = (name) => element.querySelector(`[data-part="${name}"]`);
const [controls, countLine, problem, frame, quoted] = ["controls", "count", "problem", "frame", "quoted"].map(part);
const METRICS = ["R@1", "R@5", "R@10", "R@50", "edit accuracy", "preservation"];
const ASKED = { both: "picture and words", image: "picture alone", text: "words alone" };
const wanted = { words: "", data: "", modality: "both", metric: "R@10" }, order = { by: "R@10", down: true };
let rows = [], open = "", loaded = false;

const mean = (row, metric) => row.metrics[metric]?.mean;
const valueOf = (row, by) => ({ model: row.model + row.recipe, data: row.data, cost: row.core_minutes }[by] ?? mean(row, by));
const textOf = (row) => [row.model, row.recipe, row.board, row.data, row.protocol, row.id].join(" ").toLowerCase();

function chosen() {
  const words = wanted.words.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (row) =>
    (!wanted.data || row.data === wanted.data) && (!wanted.modality || row.modality === wanted.modality) &&
    words.every((word) => textOf(row).includes(word));
  const way = order.down ? -1 : 1;
  const compare = (one, other) => {
    const [a, b] = [valueOf(one, order.by), valueOf(other, order.by)];
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    return way * (typeof a === "string" ? a.localeCompare(b) : a - b);
  };
  return rows.filter(fits).sort(compare);
}

function figureOf(row, metric) {
  const cell = make("td", "board-number" + (metric === wanted.metric ? " is-shown" : "")), found = row.metrics[metric];
  if (!found) return cell;
  const button = makeButton("board-figure", found.mean.toFixed(1), `${metric} ${found.mean.toFixed(1)} of ${row.model}: what it comes from`);
  if (found.low !== undefined) button.title = `${ends(found)}, 95 %`;
  button.addEventListener("click", () => toggle(row.id));
  cell.append(button);
  return cell;
}

function rowOf(row) {
  const line = make("tr", "board-row"), name = make("td", "board-name"), data = make("td", "board-data");
  line.dataset.row = row.id;
  const button = makeButton("board-open", row.model);
  button.setAttribute("aria-expanded", String(open === row.id));
  button.addEventListener("click", () => toggle(row.id));
  const asked = row.modality === "both" ? "" : `, ${ASKED[row.modality]}`;
  name.append(button, make("small", "", row.recipe + asked));
  data.append(make("span", "", row.data), make("small", "", `${count(row.queries, "query", "queries")} over ${number(row.gallery)}`));
  const plot = make("td", "board-plot"), found = row.metrics[wanted.metric];
  if (found) {
    const interval = found.low === undefined ? "" : ends(found);
    plot.append(makeInterval(found, `${wanted.metric} ${found.mean.toFixed(1)}${interval && `, ${interval}`}`), make("small", "", interval));
  }
  const cost = make("td", "board-cost", row.core_minutes ? row.core_minutes.toFixed(1) : "–");
  line.append(name, data, ...METRICS.map((metric) => figureOf(row, metric)), plot, cost);
  return line;
}

function draw() {
  const shown = chosen(), table = make("table", "board"), head = make("tr");
  const again = () => {
    if (METRICS.includes(order.by)) wanted.metric = order.by;
    controls.querySelector("[data-control=metric] select").value = wanted.metric;
    draw();
    frame.querySelector('[aria-sort$="ending"] button')?.focus();
  };
  head.append(makeHead("Model", "model", order, again, false), makeHead("Measured on", "data", order, again, false));
  for (const metric of METRICS) {
    const cell = makeHead(metric, metric, order, again);
    cell.classList.add("board-number");
    if (metric === wanted.metric) cell.classList.add("is-shown");
    head.append(cell);
  }
  const plot = makeHead(`${wanted.metric}, 95 %`, "", order, again), cost = makeHead("core-min", "cost", order, again, false);
  plot.classList.add("board-plot");
  cost.classList.add("board-cost");
  head.append(plot, cost);
  const top = make("thead"), body = make("tbody");
  top.append(head);
  for (const row of shown) {
    body.append(rowOf(row));
    if (open === row.id) body.append(detailsOf(row));
  }
  table.append(top, body);
  frame.replaceChildren(shown.length ? table : make("p", "desk-empty", "No row fits. Take a filter away."));
  countLine.textContent = `${number(shown.length)} of ${count(rows.length, "row")}`;
}

function toggle(id) {
  open = open === id ? "" : id;
  draw();
  [...frame.querySelectorAll(".board-row")].find((line) => line.dataset.row === id)?.querySelector("button").focus();
}

function fact(label, words) {
  const line = make("p", "board-fact");
  line.append(make("span", "", label), words);
  return line;
}

function fileOf(file) {
  const box = make("div", "board-file"), git = file.git || {};
  const seeds = Object.entries(file.seeds).map(([name, seed]) => `${name} ${seed}`).join(", ");
  const versions = Object.entries(file.versions).map(([name, version]) => `${name} ${version}`).join(", ");
  const { cpu, cores, threads, ram_mb: ram } = file.hardware;
  const queries = makeButton("link", "See its queries", `See the queries of ${file.path}`);
  queries.addEventListener("click", () => showErrors(file.path.replace("assets/results/", "file ").replace(/\.json$/, "")));
  box.append(
    make("h4", "", file.path),
    fact("Recalls", Object.entries(file.metrics).map(([name, value]) => `${name} ${value.toFixed(1)}`).join(", ")),
    fact("Seeds", seeds || "–"),
    fact("Commit", git.commit ? git.commit.slice(0, 12) + (git.dirty ? ", with changes" : "") : "–"),
    fact("Machine", [cpu, file.hardware.gpu, `${cores} cores`, threads && `${threads} threads`, ram && `${Math.round(ram / 1024)} GiB`].filter(Boolean).join(", ")),
    fact("Versions", versions),
    fact("Protocol", Object.entries(file.protocol).map(([name, value]) => `${name} ${value}`).join(", ")),
    fact("Gallery, queries", `${file.gallery_hash.slice(0, 12)}, ${file.query_hash.slice(0, 12)}`),
    queries,
  );
  return box;
}

function comparisonsOf(found, metric) {
  const table = make("table", "board-compared"), head = make("tr"), body = make("tbody"), top = make("thead");
  head.append(...["after, against before", `${metric} gain`, "95 %", "p (Holm)"].map((words) => makeHead(words)));
  top.append(head);
  body.append(...found.filter(({ gain }) => gain[metric]).map(({ before, after, gain, holm }) => {
    const line = make("tr"), at = gain[metric];
    const ended = `${signed(at.low)} to ${signed(at.high)}`;
    line.append(...[`${after}, against ${before}`, signed(at.difference), ended, holm[metric].toFixed(4)].map((words) => make("td", "", words)));
    return line;
  }));
  table.append(top, body);
  return table;
}

function detailsOf(row) {
  const line = make("tr", "board-details"), cell = make("td");
  cell.colSpan = METRICS.length + 4;
  cell.append(make("p", "desk-words", "Reading …"));
  line.append(cell);
  server.leaderboard({ row: row.id }).then((found) => {
    if (found.problem) return cell.replaceChildren(make("p", "problem", found.problem));
    const words = make("div", "board-commands"), copy = makeButton("quiet", "Copy");
    words.append(make("h3", "board-part", "Commands, of the first seed"), copy);
    copy.addEventListener("click", () => navigator.clipboard.writeText(found.commands.join("\n")).then(() => (copy.textContent = "Copied")));
    const commands = make("pre", "board-lines", found.commands.join("\n"));
    commands.tabIndex = 0;
    const metric = found.comparisons[0]?.gain[wanted.metric] ? wanted.metric : "R@10";
    const tests = found.comparisons.length ? [make("h3", "board-part", "Paired tests"), comparisonsOf(found.comparisons, metric)] : [];
    const peak = row.peak_memory_mb ? `, at most ${(row.peak_memory_mb / 1024).toFixed(1)} GiB of memory` : "";
    const spent = row.core_minutes ? ` Training took ${row.core_minutes.toFixed(1)} core-minutes${peak}.` : "";
    cell.replaceChildren(
      make("p", "desk-words", `${row.board}. Protocol ${row.protocol}, ${count(row.seeds.length, "seed")}.${spent}`),
      make("h3", "board-part", found.files.length > 1 ? "Result files" : "Result file"),
      ...found.files.map(fileOf), ...tests, words, commands,
    );
  }).catch(() => cell.replaceChildren(make("p", "problem", "It could not be read. Is the app still running?")));
  return line;
}

function drawQuoted(board) {
  if (!board) return;
  const box = make("details", "board-quoted"), table = make("table", "board-compared"), head = make("tr"), top = make("thead"), body = make("tbody");
  head.append(...["Method", "Backbone", "Training", "FashionIQ R@10", "R@50", "CIRR R@1", "R@5", "Source"].map((words) => makeHead(words)));
  top.append(head);
  body.append(...board.quoted.map((row) => {
    const line = make("tr"), { fashioniq: f, cirr: c } = row;
    line.append(...[row.method, row.backbone, row.training, f["R@10"], f["R@50"], c["R@1"], c["R@5"], row.source].map((words) => make("td", "", String(words ?? "–"))));
    return line;
  }));
  table.append(top, body);
  const inner = make("div", "board-frame");
  inner.append(table);
  box.append(make("summary", "", "Published figures, quoted"), make("p", "desk-words", board.note), inner);
  quoted.replaceChildren(box);
}

async function load() {
  if (loaded) return;
  try {
    const page = await server.leaderboard({});
    problem.hidden = !page.problem;
    problem.textContent = page.problem || "";
    if (page.problem) return;
    loaded = true;
    rows = page.rows;
    drawQuoted(page.quoted);
  } catch (error) {
    console.warn(error);
    problem.hidden = false;
    problem.textContent = "The leaderboard cannot be read. Is the app still running?";
    return;
  }
  const tasks = [...new Set(rows.map(({ data }) => data))], asked = Object.entries(ASKED);
  const metric = makeChoice("Plot", METRICS.map((name) => [name, name]), (name) => {
    [wanted.metric, order.by, order.down] = [name, name, true];
    draw();
  }, wanted.metric);
  metric.dataset.control = "metric";
  controls.replaceChildren(
    makeField("Find", "clip, both stages, closet …", (text) => { wanted.words = text; draw(); }),
    makeChoice("Measured on", [["", "everything"], ...tasks.map((name) => [name, name])], (name) => { wanted.data = name; draw(); }),
    makeChoice("Asked by", [["", "any way"], ...asked], (name) => { wanted.modality = name; draw(); }, "both"),
    metric,
  );
  draw();
}
hear("leaderboard-open", load);
