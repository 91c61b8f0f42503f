// The Versions tab: server.refinery says how refining stands, 'acted' carries one act, props.reply its answer.
const part = (name) => element.querySelector(`[data-part="${name}"]`);
const [words, left, start, problem, job, jobWords, bar, curve, cancel, list] =
  ["words", "left", "start", "problem", "job", "job-words", "bar", "curve", "cancel", "list"].map(part);
const SVG = "http://www.w3.org/2000/svg";
const SLOW = 15000, QUICK = 1500; // ms between two looks, while nothing and while something happens
let catalogue = "", turn = 0, pending = 0, open = "", timer = 0, seen = null, showing = false;

const count = (number, one, many = one + "s") => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
const signed = (value, digits = 1) => (value >= 0 ? "+" : "−") + Math.abs(value).toFixed(digits);
const when = (time) => new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
const span = (seconds) => (seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);

function complain(text) {
  problem.textContent = text;
  problem.hidden = !text;
}

function send(wanted) {
  turn += 1;
  pending = turn;
  complain("");
  trigger("acted", { turn, catalogue, ...wanted });
}

// "Sure?" on the second tap, for what should not happen by a slip.
function twice(button, sure, act) {
  const before = button.textContent;
  button.addEventListener("click", () => {
    if (button.dataset.sure) return act();
    button.dataset.sure = "yes";
    button.textContent = sure;
    setTimeout(() => { delete button.dataset.sure; button.textContent = before; }, 4000);
  });
}

function told(state) {
  if (!state.usable) {
    return "Nothing to learn from yet. On Search, flag hits that are wrong (h) and mark those that are also right (a); then refine here.";
  }
  const known = state.usable - state.fresh;
  const rest = state.live && known ? `; the live version knows ${known === state.usable ? "all" : known.toLocaleString("en")} of them` : "";
  return `${count(state.usable, "judgement")} can train${rest}.`;
}

function drawCurve(points) {
  curve.replaceChildren();
  if (points.length < 2) return;
  const wide = 300, high = 70;
  const steps = points.map(([step]) => step), losses = points.map(([, loss]) => loss);
  const low = Math.min(...losses), range = Math.max(...losses) - low || 1, last = steps.at(-1) || 1;
  const at = points.map(([step, loss]) => `${(wide * step) / last},${4 + (high - 8) * (1 - (loss - low) / range)}`);
  const picture = document.createElementNS(SVG, "svg"), line = document.createElementNS(SVG, "polyline");
  picture.setAttribute("viewBox", `0 0 ${wide} ${high}`);
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", `Loss, from ${losses[0].toFixed(3)} to ${losses.at(-1).toFixed(3)}`);
  line.setAttribute("points", at.join(" "));
  picture.append(line);
  const note = make("p", "job-note", `loss ${losses.at(-1).toFixed(3)}, from ${losses[0].toFixed(3)}`);
  curve.append(picture, note);
}

function drawJob(found) {
  job.hidden = !found;
  if (!found) return;
  const running = !found.ended;
  const share = found.of ? found.step / found.of : 0;
  const parts = { starting: 0, loading: 0.05, encoding: 0.1, training: 0.3, measuring: 0.9, done: 1 };
  const widths = { encoding: 0.2, training: 0.6, measuring: 0.1 };
  bar.style.width = `${100 * ((parts[found.state] ?? 0) + (widths[found.state] ?? 0) * share)}%`;
  bar.parentElement.hidden = !running;
  const step = found.of && found.state !== "measuring" ? ` ${found.step} of ${found.of}` : "";
  const rest = found.left === null ? "" : `, about ${span(found.left)} left`;
  jobWords.textContent = running
    ? `${found.name}: ${found.state}${step}, ${span(found.seconds)} so far${rest}`
    : `${found.name} ${{ cancelled: "was cancelled", killed: "ended without a word (the machine stopped it, or it was killed)" }[found.state] || "failed"}; what answers is as before. ${found.message}`;
  cancel.hidden = !running;
  drawCurve(found.curve);
}

function figure(label, value, note = "") {
  const box = make("div", "fact");
  box.append(make("span", "fact-label", label), make("span", "fact-value", value));
  if (note) box.append(make("span", "fact-note", note));
  return box;
}

function facts(version) {
  const box = make("div", "facts-row"), { recall, summary, collateral } = version;
  if (summary && summary.left !== null) {
    box.append(figure("Flags that left the first ten", `${Math.round(summary.left)} %`, `${summary.in_ten_before} were in it, ${summary.in_ten_after} are`));
  }
  if (summary && summary.right.hits) {
    box.append(figure("Right answers, mean rank", `${summary.right.mean_rank_before.toFixed(1)} → ${summary.right.mean_rank_after.toFixed(1)}`, count(summary.right.hits, "hit")));
  }
  if (recall) {
    const ends = `${signed(recall.low)} to ${signed(recall.high)}, ${version.tuning} held-back queries`;
    box.append(figure("R@10, untouched queries", `${recall.before.toFixed(1)} → ${recall.after.toFixed(1)}`, ends));
  }
  if (collateral) {
    box.append(figure("First tens that changed", `${Math.round(collateral.changed)} %`, `${Math.round(collateral.overlap)} % of their garments stayed`));
  }
  return box;
}

function cardOf(version, live) {
  const card = make("article", "version" + (live ? " is-live" : ""));
  const head = make("div", "version-head"), title = make("h3", "version-name", version.name);
  head.append(title, make("span", "chip chip-" + version.verdict.replace(" ", "-"), version.verdict));
  if (live) head.append(make("span", "chip chip-live", "live"));
  const when_ = make("span", "version-time", when(version.created));
  head.append(when_);
  const from = `from ${count(version.negative, "hit")} flagged and ${version.positive.toLocaleString("en")} right, in ${count(version.queries, "query", "queries")}; against ${version.against === "base" ? "the model as it was built" : version.against}`;
  const acts = make("div", "version-acts");
  if (!live) {
    const button = makeButton("quiet", version.verdict === "worse" ? "Promote anyway" : "Make live", `Make ${version.name} live`);
    if (version.verdict === "worse") twice(button, "It measured worse: tap again", () => send({ do: "promote", name: version.name }));
    else button.addEventListener("click", () => send({ do: "promote", name: version.name }));
    acts.append(button);
  }
  const more = makeButton("link", open === version.name ? "Hide its hits" : "Did the flags help?");
  more.setAttribute("aria-expanded", String(open === version.name));
  more.addEventListener("click", () => { open = open === version.name ? "" : version.name; draw(seen); });
  acts.append(more);
  card.append(head, make("p", "version-from", from), facts(version));
  if (version.drift) card.append(make("p", "version-drift", version.drift));
  card.append(acts);
  if (open === version.name) card.append(effectOf(version.name));
  return card;
}

function builtIn(live) {
  const card = make("article", "version is-base" + (live ? " is-live" : ""));
  const head = make("div", "version-head");
  head.append(make("h3", "version-name", "As it was built"));
  if (live) head.append(make("span", "chip chip-live", "live"));
  const acts = make("div", "version-acts");
  if (!live) {
    const button = makeButton("quiet", "Make live", "Make the model as it was built live");
    button.addEventListener("click", () => send({ do: "promote", name: "" }));
    acts.append(button);
  }
  card.append(head, make("p", "version-from", "The model before anybody judged."), acts);
  return card;
}

function effectOf(name) {
  const box = make("div", "effect", "");
  box.append(make("p", "job-note", "Reading …"));
  server.effect({ name, catalogue }).then((found) => {
    if (found.problem) return box.replaceChildren(make("p", "problem", found.problem));
    const table = make("table", "effect-table"), head = make("tr");
    table.append(make("caption", "", `${count(found.hits.length, "judged hit")} under ${name}`));
    head.append(...["Asked", "Judged", "Verdict", "Rank", "Score"].map((text) => {
      const cell = make("th", "", text);
      cell.scope = "col";
      return cell;
    }));
    const rows = found.hits.map((hit) => {
      const row = make("tr", hit.left ? "has-left" : "");
      const asked = make("td", "effect-asked"), judged = make("td");
      if (hit.seen) asked.append(makePhoto(hit.seen.card, nameOf(hit.seen)));
      asked.append(make("span", "", hit.text || "(picture alone)"));
      if (hit.garment) judged.append(makePhoto(hit.garment.card, nameOf(hit.garment)));
      else judged.append(make("span", "", hit.hit));
      const rank = make("td", "effect-number", `${hit.old_rank} → ${hit.new_rank}`);
      if (hit.left) rank.append(make("small", "", "left the ten"));
      const role = make("td", "", { negative: "wrong", positive: "right", same: "the same" }[hit.role] || hit.role);
      row.append(asked, judged, role, rank, make("td", "effect-number", signed(hit.new_score - hit.old_score, 3)));
      return row;
    });
    table.append(head, ...rows);
    const frame = make("div", "effect-frame");
    frame.tabIndex = 0;
    frame.setAttribute("aria-label", "Judged hits");
    frame.setAttribute("role", "region");
    frame.append(table);
    const card = make("details", "run-card"), text = make("pre", "", JSON.stringify(found.card, null, 1));
    card.append(make("summary", "", "Run card"), text);
    box.replaceChildren(frame, card);
  }).catch(() => box.replaceChildren(make("p", "problem", "It could not be read. Is the app still running?")));
  return box;
}

function draw(state) {
  seen = state;
  if (!state) return;
  part("box").hidden = !state.allowed;
  if (!state.allowed) {
    return list.replaceChildren(make("p", "empty", "This app does not refine: whoever runs it has not allowed it (HEMLINE_REFINE)."));
  }
  if (state.problem) return complain(state.problem);
  const running = state.job && !state.job.ended;
  words.textContent = told(state);
  left.replaceChildren(...Object.entries(state.refused).map(([reason, number]) => make("li", "", `${number}: ${reason}`)));
  start.hidden = !state.usable || running;
  start.disabled = false;
  drawJob(state.job);
  const cards = state.versions.map((version) => cardOf(version, version.name === state.live));
  const focus = list.contains(document.activeElement) ? document.activeElement.textContent : "";
  list.replaceChildren(make("h2", "side-title", "Versions"), ...cards, builtIn(!state.live));
  if (focus) [...list.querySelectorAll("button")].find((button) => button.textContent === focus)?.focus();
}

async function look() {
  clearTimeout(timer);
  let again = SLOW;
  try {
    const state = await server.refinery({ catalogue });
    const before = JSON.stringify(seen && { ...seen, job: null }), now = JSON.stringify({ ...state, job: null });
    if (before !== now) draw(state);
    else { seen = state; drawJob(state.job); start.hidden = !state.usable || Boolean(state.job && !state.job.ended); }
    if (state.job && !state.job.ended) again = QUICK;
  } catch (error) {
    console.warn(error);
    complain("The app did not answer. Is it still running?");
  }
  if (showing && element.offsetParent !== null) timer = setTimeout(look, again);
}

start.addEventListener("click", () => { start.disabled = true; send({ do: "refine" }); });
cancel.addEventListener("click", () => send({ do: "cancel" }));
watch("reply", () => {
  const reply = props.reply;
  if (!reply || reply.turn !== pending) return;
  pending = 0;
  start.disabled = false;
  complain(reply.problem || "");
  look();
  setTimeout(look, QUICK);
});
hear("versions-open", () => { showing = true; look(); });
hear("versions-lost", () => { start.disabled = false; complain("Not done: the app did not answer."); });
hear("catalogue", ({ name }) => { catalogue = name; seen = null; if (showing) look(); });
