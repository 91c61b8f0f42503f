// The Judge tab: one item of a queue at a time, judged by the same keys as the cards; the next follows by itself.
// server.queue reads the queue; 'judged' carries a verdict, answered in props.reply once it is on the disk.
const part = (name) => element.querySelector(`[data-part="${name}"]`);
const [sources, saved, progress, problem, task, lastLine] =
  ["sources", "saved", "progress", "problem", "task", "last"].map(part);
const SOURCES = { second: "Second looks", disagreements: "Disagreements", useful: "Useful next" };
const PATIENCE = 10000; // ms without an answer before a verdict is called not saved
const nameBox = () => document.querySelector("#annotator textarea, #annotator input");
const annotator = () => (nameBox()?.value || "").trim();
let source = "second", counts = {}, items = [], at = 0, done = 0, hidden = 0, share = 0, asked = 0, names = false;
let catalogue = "", turn = 0, waiting = null; // {turn, item, verdict, timer} of the verdict on its way

function say(text, kind = "") {
  saved.textContent = text;
  saved.className = "saved" + (kind ? " is-" + kind : "");
}

function complain(text) {
  problem.textContent = text;
  problem.hidden = !text;
}

async function load() {
  const mine = ++asked;
  task.setAttribute("aria-busy", "true");
  let page;
  try {
    page = await server.queue({ source, annotator: annotator(), catalogue });
  } catch (error) {
    console.warn(error);
    if (mine === asked) complain("The queue cannot be read. Is the app still running?");
    return;
  }
  if (mine !== asked) return; // a newer question is on its way
  complain("");
  ({ items, done, hidden, counts, share } = page);
  at = 0;
  showSources();
  show();
}

function showSources() {
  sources.replaceChildren(...Object.entries(SOURCES).map(([name, words]) => {
    const button = makeButton("source", words);
    button.setAttribute("role", "radio");
    button.setAttribute("aria-checked", String(name === source));
    button.tabIndex = name === source ? 0 : -1;
    button.dataset.source = name;
    if (name in counts) button.append(make("span", "source-count", String(counts[name])));
    button.addEventListener("click", () => turnTo(name));
    return button;
  }));
}

function turnTo(name) {
  source = name;
  lastLine.hidden = true;
  say("");
  showSources();
  items = []; // no key judges what is no longer asked for
  progress.hidden = true;
  task.replaceChildren(make("p", "empty", "One moment …"));
  load();
}

sources.addEventListener("keydown", (event) => {
  const all = Object.keys(SOURCES), way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!way) return;
  event.preventDefault();
  turnTo(all[(all.indexOf(source) + way + all.length) % all.length]);
  sources.querySelector('[aria-checked="true"]').focus();
});

function show() {
  task.removeAttribute("aria-busy");
  progress.hidden = !items.length && !done;
  const through = done + at, all = done + items.length;
  part("bar").firstElementChild.style.width = `${all ? (100 * through) / all : 0}%`;
  part("count").textContent = `${through} of ${all}` + (hidden ? ` · ${hidden} cannot be shown: their photos were not kept` : "");
  const item = items[at];
  if (!item) return showEmpty();
  task.replaceChildren(...(item.hit ? itemOf(item) : queryOf(item)));
}

function figure(garment, label) {
  const frame = make("figure"), words = make("figcaption");
  words.append(make("span", "eyebrow", label), make("span", "figure-name", nameOf(garment)));
  frame.append(makePhoto(garment.view, `${label}: ${nameOf(garment)}`, true), words);
  return frame;
}

function wordsOf(item) {
  const words = make("h2", "task-words", item.text ? `“${item.text}”` : "Most like the reference");
  if (!item.reference) words.append(make("small", "", " (words alone)"));
  return words;
}

function itemOf(item) {
  const pair = make("div", "pair");
  if (item.reference) pair.append(figure(item.reference, "Reference"));
  pair.append(figure(item.hit, `Answer at rank ${item.hit.rank}`));
  const acts = make("div", "task-acts");
  acts.append(...VOCABULARY.map((verdict) => makeVerdict(verdict, (name) => judge(name))));
  const line = make("label", "reason"), field = make("input");
  field.type = "text";
  field.maxLength = 500;
  field.placeholder = "Why? (optional, before the verdict)";
  field.setAttribute("aria-label", "Reason, optional");
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    task.focus({ preventScroll: true });
  });
  line.append(field);
  const skip = makeButton("quiet", "");
  skip.append(make("span", "", "Skip"), makeKey("→"));
  skip.addEventListener("click", () => move(1));
  const foot = make("div", "task-foot");
  foot.append(line, skip);
  return [wordsOf(item), ...(item.said ? [saidOf(item.said)] : []), pair, acts, foot];
}

// Both verdicts of a disagreement; whose they are only when asked for.
function saidOf(said) {
  const box = make("div", "said");
  said.forEach(({ verdict, reason, annotator }, place) => {
    const one = make("p", "said-one");
    const badge = make("span", "badge", verdict);
    badge.dataset.role = roleOf(verdict);
    one.append(make("span", "eyebrow", names ? annotator : `Judge ${place + 1}`), badge);
    if (reason) one.append(make("span", "said-reason", reason));
    box.append(one);
  });
  const button = makeButton("link", names ? "Hide names" : "Show names");
  button.addEventListener("click", () => {
    names = !names;
    show();
    task.querySelector(".said .link").focus();
  });
  box.append(button);
  return box;
}

function queryOf(item) {
  const pair = make("div", "pair is-single");
  pair.append(figure(item.reference, "Reference"));
  const start = makeButton("act is-main", "");
  start.append(make("span", "", "Judge its answers"), makeKey("Enter"));
  start.addEventListener("click", openQuery);
  const skip = makeButton("quiet", "");
  skip.append(make("span", "", "Skip"), makeKey("→"));
  skip.addEventListener("click", () => move(1));
  const acts = make("div", "task-acts is-few");
  acts.append(start, skip);
  return [wordsOf(item), make("p", "task-why", upper(item.why)), pair, acts];
}

// Its answers are judged in the Search tab, which comes back here by "next query".
function openQuery() {
  const item = items[at];
  tell("queue-at", { at: at + 1, of: items.length });
  openSearch(item.reference, item.text);
}
hear("queue-next", () => {
  at += 1;
  show();
  if (at < items.length) openQuery();
  else openTab("Judge");
});

function move(way) {
  at = Math.max(0, Math.min(items.length, at + way));
  show();
  task.focus({ preventScroll: true });
}

function judge(verdict, second_look) {
  const item = items[at];
  if (!item || !item.hit || waiting) return;
  const reason = task.querySelector(".reason input")?.value.trim() || "";
  send({ source, item: item.item, verdict, reason, ...(second_look ? { second_look } : {}) }, item);
}

function send(act, item = null) {
  turn += 1;
  waiting = { turn, item, verdict: act.verdict, timer: setTimeout(giveUp, PATIENCE) };
  say("Saving …", "busy");
  trigger("judged", { turn, sitting, ...act });
}

function giveUp() {
  if (!waiting) return;
  clearTimeout(waiting.timer);
  waiting = null;
  say("Not saved: the app did not answer. Is it still running?", "lost");
}

watch("reply", () => {
  const reply = props.reply;
  if (!reply || !waiting || reply.turn !== waiting.turn) return;
  const { item, verdict, timer } = waiting;
  clearTimeout(timer);
  waiting = null;
  if (reply.problem) return say("Not saved: " + reply.problem, "lost");
  if (reply.told) return hearStep(reply.told);
  if (reply.warned.length) return look(reply.warned, item, verdict);
  say("Saved", "kept");
  if (source === "second") showLast(reply.first, verdict);
  else lastLine.hidden = true;
  if (items[at] === item) move(1);
});

function showLast(first, verdict) {
  lastLine.hidden = false;
  const badge = make("span", "badge", first.verdict);
  badge.dataset.role = roleOf(first.verdict);
  const same = first.verdict === verdict ? "You agree: " : "You differ: ";
  lastLine.replaceChildren(same, `you said ${verdict}, the first judge `, badge);
  if (first.reason) lastLine.append(make("span", "said-reason", first.reason));
}

function hearStep(told) {
  lastLine.hidden = true;
  if (told.nothing) return say(`Nothing to ${told.step} any more`);
  say(told.step === "undo" ? "Taken back" : "Done again", "kept");
  const place = items.findIndex(({ item }) => JSON.stringify(item) === JSON.stringify(told.item));
  if (place < 0) return;
  at = told.step === "undo" ? place : Math.min(items.length, place + 1);
  show();
}

function look(warned, item, verdict) {
  say("Waits for a second look");
  secondLook({ reference: item.reference, text: item.text, verdict, warned }, (way, [one]) => {
    if (way === "keep") judge(verdict, one.cautions.map(({ name }) => name));
    else judge(RIGHT.name);
  }, () => task.focus({ preventScroll: true }));
}

function showEmpty() {
  const box = make("div", "empty");
  const [title, words] = emptyWords();
  box.append(make("h2", "task-words", title), make("p", "", words));
  if (source !== "useful" && counts.useful) {
    const other = makeButton("act is-main", "Judge a useful query instead");
    other.addEventListener("click", () => {
      turnTo("useful");
      task.focus({ preventScroll: true });
    });
    box.append(other);
  }
  task.replaceChildren(box);
}

function emptyWords() {
  if (items.length) return ["That was the last one", "What comes in later appears here when you come back to this tab."];
  if (source === "disagreements") {
    return ["Nobody disagrees", "Where two people judged the same answer differently, it comes here, and a third verdict settles it. Judge some second looks first."];
  }
  if (source === "useful") {
    return ["No query is waiting", "Queries worth judging come from the catalogue's own captions; this catalogue has none left. Search for whatever you like instead."];
  }
  const who = annotator() ? "" : " Type your name at the top: a second look goes to somebody else than who judged first.";
  if (!share) return ["No second looks", "The share of second looks is 0 %. Raise it beside this, and some of what people judged comes here for others."];
  return ["No second look waits for you", `${share} % of what others judged comes here, without their verdict, so that agreement can be measured.${who}`];
}

document.addEventListener("keydown", (event) => {
  if (!element.offsetParent || guardDialog.open || event.target.closest("dialog, [role=tablist], [role=radiogroup]") || writing(event)) return;
  const way = stepOf(event);
  if (way && !waiting) send({ step: way });
  else if (event.ctrlKey || event.metaKey || event.altKey || way) return;
  else if (["ArrowRight", "ArrowLeft"].includes(event.key) && !event.target.closest("input")) move(event.key === "ArrowRight" ? 1 : -1);
  else if (event.key === "Enter" && items[at] && !items[at].hit && !event.target.closest("button")) openQuery();
  else if (verdictOf(keyOf(event)) && !event.repeat && items[at]?.hit) judge(verdictOf(keyOf(event)));
  else return;
  event.preventDefault();
});
let pause = 0;
document.addEventListener("input", (event) => {
  if (!event.target.closest("#annotator")) return;
  clearTimeout(pause);
  pause = setTimeout(load, 400);
});
hear("judge-open", () => at === 0 && load());
hear("share", load);
hear("catalogue", ({ name }) => {
  catalogue = name;
  if (source === "useful") load();
});
hear("judge-unsaved", giveUp);
hear("keys-changed", () => {
  readKeys();
  show();
});
showSources();
load();
