// Judging: 'judged' carries one act to the server, which answers in props.reply when the events are on the disk.
const PATIENCE = 10000; // ms without an answer before a judgement is called not saved
const PROBE = 1500; // ms without an answer before asking whether the app is there at all
// One act is on its way at a time: in the order of the keys, and no two answers can come as one update.
const outbox = []; // {ids, verdict, make: what to send, told by what stands when its turn comes}
let turn = 0, timer = 0, onItsWay = null;
const isWaiting = (id) => [onItsWay, ...outbox].some((act) => act && act.ids.includes(id));
const judgements = (count) => `${count.toLocaleString("en")} ${count === 1 ? "judgement" : "judgements"}`;

function settle(state) {
  if (state.last < last) return; // an older reply that came late
  last = state.last;
  verdicts = state.verdicts;
  paintAll();
}

function giveUp() {
  if (!onItsWay) return;
  clearTimeout(timer);
  onItsWay = null;
  outbox.length = 0;
  paintAll();
  say("Not saved: the app did not answer. Is it still running?", "lost");
}

function send(make, ids, verdict = "") {
  outbox.push({ make, ids, verdict });
  say("Saving …", "busy");
  if (!onItsWay) pump();
  paintAll();
}

function pump() {
  onItsWay = outbox.shift() || null;
  if (!onItsWay || !answer) return void (onItsWay = null);
  const mine = ++turn;
  timer = setTimeout(giveUp, PATIENCE);
  setTimeout(() => onItsWay && mine === turn && fetch("/gradio_api/app_id").catch(giveUp), PROBE);
  const upload = answer.upload && photo && photo.path === answer.upload ? { upload: photo.path, consent: photo.consent } : {};
  trigger("judged", {
    turn: mine, sitting, query: answer.query, model: answer.model, index: answer.index, catalogue: answer.catalogue,
    occasion: queue ? "queue" : "", ...upload, ...onItsWay.make(),
  });
}

// The same verdict once more takes it back, unless another reason was typed.
function judge(hits, verdict, second_look) {
  if (answer.unjudged) return say(answer.unjudged, "lost");
  const typed = hits.length === 1 ? typedReason(hits[0].id) : null;
  const ids = hits.map(({ id }) => id);
  const same = (said) => said && said.verdict === verdict && (typed === null || typed === said.reason);
  send(() => {
    const stands = ids.map((id) => verdicts[id]);
    if (!second_look && stands.every(same)) return { undoes: stands.map(({ seq }) => seq) };
    const shown = hits.map(({ id, rank, score }) => ({ id, rank, score }));
    return { hits: shown, verdict, reason: typed || "", ...(second_look ? { second_look } : {}) };
  }, ids, verdict);
}

function step(way) {
  if (!answer) return;
  send(() => ({ step: way }), []);
}

function hearReply() {
  const reply = props.reply;
  if (!reply || !onItsWay || reply.turn !== turn) return;
  clearTimeout(timer);
  const { verdict } = onItsWay;
  onItsWay = null;
  const asked = (answer || {}).query;
  const ours = asked && reply.query && asked.reference_hash === reply.query.reference_hash && asked.text === reply.query.text;
  if (ours) settle(reply.state);
  say(...toldOf(reply, asked));
  if (photo?.consent) tell("photos-kept");
  if (ours && reply.warned.length) look(reply.warned, verdict);
  if (outbox.length && !reply.problem) say("Saving …", "busy");
  pump();
  paintAll();
}

function toldOf({ problem, warned, told, note, state }, asked) {
  if (problem) return ["Not saved: " + problem, "lost"];
  if (note) return [note, "lost"];
  if (warned.length) return [warned.length > 1 ? `${warned.length} wait for a second look` : "Waits for a second look"];
  if (told?.nothing) return [`Nothing to ${told.step} any more`];
  const other = told && told.text !== (asked || {}).text;
  const done = other ? `${told.step === "undo" ? "Undone" : "Done again"} for “${told.text}”` : "Saved";
  return [`${done} · ${judgements(state.total)} in all`, "kept"];
}

// The server holds a flag back until what speaks against it was looked at.
function look(warned, verdict) {
  secondLook({ reference: referenceOf(answer), text: answer.query.text, verdict, warned }, (way, these) => {
    const hits = these.map(({ hit }) => hit);
    const names = these.map(({ hit, cautions }) => [hit.id, cautions.map(({ name }) => name)]);
    if (way === "keep") judge(hits, verdict, Object.fromEntries(names));
    else judge(hits, RIGHT.name, {});
  }, () => {
    if (dialog.open) dialog.focus();
    else (cards.querySelector('.card[tabindex="0"]') || cards.firstElementChild)?.focus({ preventScroll: true });
  });
}

watch("reply", hearReply);
hear("unsaved", giveUp);
