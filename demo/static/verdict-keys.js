// The vocabulary and its keys, which people may change for their own browser (keys.js is the dialog).
const KEYS_AT = "hemline-keys"; // in localStorage: {verdict: key}, only what was changed
const FIXED_KEYS = { u: "undo", r: "use as reference", x: "select", j: "next query", z: "undo", "/": "change", "?": "keys" };
const VOCABULARY = props.vocabulary;
const ROLES = ["negative", "positive"]; // one verdict of each stays in sight on a card
const MAIN = ROLES.map((role) => VOCABULARY.find((verdict) => verdict.role === role)).filter(Boolean);
const RIGHT = VOCABULARY.find(({ name }) => name === "acceptable") || MAIN.find(({ role }) => role === "positive");
const roleOf = (name) => (VOCABULARY.find((verdict) => verdict.name === name) || {}).role || "";
const upper = (text) => text[0].toUpperCase() + text.slice(1);
let keys = new Map(); // verdict -> key

function readKeys() {
  let own = {};
  try {
    own = JSON.parse(localStorage.getItem(KEYS_AT)) || {};
  } catch (error) {
    console.warn(error); // no storage in this browser, or another's value in it
  }
  const chosen = VOCABULARY.map(({ name, key }) => [name, typeof own[name] === "string" ? own[name] : key]);
  const clash = new Set(chosen.map(([, key]) => key)).size < chosen.length || chosen.some(([, key]) => key.length !== 1);
  keys = new Map(clash ? VOCABULARY.map(({ name, key }) => [name, key]) : chosen);
}
const verdictOf = (key) => [...keys].find(([, own]) => own === key)?.[0];
const keyOf = (event) => (event.key.length === 1 ? event.key.toLowerCase() : event.key);
const writing = (event) => event.target.closest("textarea, select, [contenteditable], input:not([type=range], [type=checkbox])");
const stepOf = (event) => { // undo and redo, as editors have them
  const key = keyOf(event), held = event.ctrlKey || event.metaKey;
  if (event.altKey || writing(event)) return "";
  if ((key === "u" && !held) || (key === "z" && held)) return event.shiftKey ? "redo" : "undo";
  return "";
};
// One sitting is one tab of the browser, reloads included: undo goes back as far as it does.
const sitting = (() => {
  try {
    const known = sessionStorage.getItem("hemline-sitting") || crypto.randomUUID?.() || String(Math.random()).slice(2);
    sessionStorage.setItem("hemline-sitting", known);
    return known;
  } catch {
    return "";
  }
})();
const makeKey = (key) => make("kbd", "", key);
// A verdict to press, with its key beside it where there is room.
function makeVerdict({ name, role, meaning }, act, withKey = true) {
  const button = makeButton("act", "");
  button.dataset.verdict = name;
  button.dataset.role = role;
  button.title = `${upper(name)}: ${meaning} (${keys.get(name)})`;
  button.append(make("span", "", upper(name)));
  if (withKey) button.append(makeKey(keys.get(name)));
  button.addEventListener("click", (event) => act(name, event));
  return button;
}
readKeys();
