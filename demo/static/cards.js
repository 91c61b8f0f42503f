// The ranked cards and the judging of them. props.value is an answer of demo.queries.answer_page;
// 'judged' carries one act to the server, which answers in props.reply only when the event is on the disk.
const part = (name) => element.querySelector(`[data-part="${name}"]`);
const [title, note, saved, problem, cards, legend] =
  ["title", "note", "saved", "problem", "cards", "legend"].map(part);
const VERDICTS = { h: "hard negative", a: "acceptable" };
const PATIENCE = 10000; // ms without an answer before a judgement is called not saved
const PROBE = 1500; // ms without an answer before asking whether the app is there at all
const LONGEST_SEARCH = 120000; // ms, likewise for a search
let current = ""; // the chosen catalogue's name
let answer = null, verdicts = {}, last = 0, turn = 0, searching = 0;
const pending = new Map(); // turn -> {id, timer, back: whether the act was u}
let done = []; // this answer's acts, latest last, as {seq, id}: what u takes back

function say(text, kind = "") {
  saved.textContent = text;
  saved.className = "saved" + (kind ? " is-" + kind : "");
}
const judgements = (count) => `${count.toLocaleString("en")} ${count === 1 ? "judgement" : "judgements"}`;

function complain(text) {
  problem.textContent = text;
  problem.hidden = !text;
}

function cardOf(hit, place) {
  const card = make("article", "card");
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
  const acts = make("div", "acts");
  for (const [key, verdict] of Object.entries(VERDICTS)) {
    const button = makeButton("act act-" + key, verdict[0].toUpperCase() + verdict.slice(1));
    button.dataset.verdict = verdict;
    button.title = `Mark as ${verdict} (${key})`;
    button.addEventListener("click", () => judge(hit, verdict));
    acts.append(button);
  }
  foot.append(line, words, acts);
  card.append(look, top, foot);
  reach(card, place === 0);
  return card;
}

function paint(hit) {
  const card = [...cards.children].find((item) => item.dataset.id === hit.id);
  if (!card) return;
  const waiting = [...pending.values()].some((item) => item.id === hit.id);
  const verdict = (verdicts[hit.id] || {}).verdict || "";
  card.dataset.verdict = verdict;
  card.classList.toggle("is-saving", waiting);
  card.querySelector(".badge").textContent = waiting ? "saving …" : verdict;
  for (const button of card.querySelectorAll(".act")) {
    button.setAttribute("aria-pressed", String(button.dataset.verdict === verdict));
  }
  const state = waiting ? "saving" : verdict ? "judged " + verdict : "not judged";
  paintCloser(hit, verdict);
  card.setAttribute("aria-label", `Rank ${hit.rank}, score ${hit.score.toFixed(3)}, ${nameOf(hit)}, ${state}`);
}
const paintAll = () => (answer ? answer.hits : []).forEach(paint);

function settle(state) {
  if (state.last < last) return; // an older reply that came late
  last = state.last;
  verdicts = state.verdicts;
  paintAll();
}

function giveUp() {
  if (!pending.size) return;
  pending.forEach(({ timer }) => clearTimeout(timer));
  pending.clear();
  paintAll();
  say("Not saved: the app did not answer. Is it still running?", "lost");
}

function send(act, id, back = false) {
  turn += 1;
  const mine = turn;
  const timer = setTimeout(giveUp, PATIENCE);
  setTimeout(() => pending.has(mine) && fetch("/gradio_api/app_id").catch(giveUp), PROBE);
  pending.set(mine, { id, timer, back });
  say("Saving …", "busy");
  paintAll();
  trigger("judged", { turn: mine, query: answer.query, model: answer.model, index: answer.index, catalogue: answer.catalogue, ...act });
}

function judge(hit, verdict) {
  const stands = verdicts[hit.id];
  if (stands && stands.verdict === verdict) send({ undoes: stands.seq }, hit.id); // the same key again takes it back
  else send({ hit: { id: hit.id, rank: hit.rank, score: hit.score }, verdict }, hit.id);
}

function undoLast() {
  const known = done.pop();
  if (known) return send({ undoes: known.seq }, known.id, true);
  say("Nothing to undo on this page.");
}

function hearReply() {
  const reply = props.reply;
  if (!reply || !pending.has(reply.turn)) return;
  const { id, timer, back } = pending.get(reply.turn);
  clearTimeout(timer);
  pending.delete(reply.turn);
  if (reply.problem) {
    paintAll();
    return say("Not saved: " + reply.problem, "lost");
  }
  const asked = answer && answer.query;
  if (asked && asked.reference_hash === reply.query.reference_hash && asked.text === reply.query.text) {
    if (!back) done.push({ seq: reply.saved, id });
    settle(reply.state);
  }
  say(pending.size ? "Saving …" : `Saved · ${judgements(reply.state.total)} in all`, pending.size ? "busy" : "kept");
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
  done = [];
  title.textContent = answer.query.text ? `“${answer.query.text}”` : "Most like the reference";
  note.textContent = `${answer.hits.length} best, in ${answer.seconds.toFixed(2)} s`;
  cards.replaceChildren(...answer.hits.map(cardOf));
  legend.hidden = false;
  paintAll();
  say(answer.state.total ? `${judgements(answer.state.total)} saved` : "");
  if (matchMedia("(max-width: 900px)").matches) element.scrollIntoView({ behavior: "smooth" });
  // whoever asked goes on to judge, unless they already typed something else
  if (changeBox().value.trim() === answer.query.text) cards.firstElementChild?.focus({ preventScroll: true });
}
const changeBox = () => document.querySelector("#change textarea");

function wait() {
  part("answers").hidden = false;
  complain("");
  legend.hidden = true;
  title.textContent = "Searching …";
  note.textContent = "";
  answer = null;
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
  if (event.ctrlKey || event.metaKey || event.altKey || !answer) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "u") return undoLast();
  const card = event.target.closest(".card");
  const id = dialog.open ? dialog.dataset.id : card && card.dataset.id;
  const hit = answer.hits.find((item) => item.id === id);
  if (!hit) return;
  if (dialog.open && key.startsWith("Arrow")) closer(beside(hit, key));
  else if (VERDICTS[key] && !event.repeat) judge(hit, VERDICTS[key]);
  else if (key === "r" && !dialog.open) tell("use", { garment: hit });
  else if (key === "Enter" && event.target === card) closer(hit);
  else return;
  event.preventDefault();
});

watch("value", draw);
watch("reply", hearReply);
hear("searching", wait);
hear("unsaved", giveUp);
hear("catalogue", ({ name }) => { // cards of another catalogue are no answer here
  current = name;
  answer = null;
  dialog.close();
  cards.replaceChildren();
  part("answers").hidden = true;
});
hear("failed", fail);
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, dialog")) return;
  event.preventDefault();
  changeBox().focus();
});
