// The dialog in which people choose the verdicts' keys for their own browser.
const part = (name) => element.querySelector(`[data-part="${name}"]`);
const [dialog, list, problem] = ["dialog", "list", "problem"].map(part);
let waiting = ""; // the verdict whose new key is awaited

function complain(text) {
  problem.textContent = text;
  problem.hidden = !text;
}

function show() {
  list.replaceChildren(...VOCABULARY.map(({ name, role, meaning }) => {
    const line = make("li", "keys-line"), words = make("span", "keys-words");
    words.append(make("b", "", upper(name)), make("span", "", meaning));
    const button = makeButton("keys-key", waiting === name ? "press a key" : keys.get(name), `Key of ${name}: ${keys.get(name)}`);
    button.dataset.verdict = name;
    button.setAttribute("aria-pressed", String(waiting === name));
    button.addEventListener("click", () => {
      waiting = waiting === name ? "" : name;
      complain("");
      show();
      list.querySelector(`[data-verdict="${CSS.escape(name)}"]`).focus();
    });
    line.dataset.role = role;
    line.append(words, button);
    return line;
  }));
}

function save(own) {
  try {
    if (own) localStorage.setItem(KEYS_AT, JSON.stringify(own));
    else localStorage.removeItem(KEYS_AT);
  } catch (error) {
    console.warn(error);
    complain("This browser keeps nothing, so the keys go back to what they were with the page.");
  }
  readKeys();
  tell("keys-changed");
  show();
}

function take(key) {
  const name = waiting, other = verdictOf(key);
  if (key.length !== 1 || key === " ") return complain("That key cannot be one: choose a letter, a digit or a sign.");
  if (FIXED_KEYS[key]) return complain(`“${key}” already means ${FIXED_KEYS[key]}. Choose another.`);
  if (other && other !== name) return complain(`“${key}” already means ${other}. Choose another, or change that one first.`);
  waiting = "";
  complain("");
  save({ ...Object.fromEntries(keys), [name]: key });
  list.querySelector(`[data-verdict="${CSS.escape(name)}"]`).focus();
}

dialog.addEventListener("keydown", (event) => {
  if (!waiting || event.ctrlKey || event.metaKey || event.altKey || event.key === "Tab" || event.key === "Shift") return;
  event.preventDefault();
  if (event.key === "Escape") {
    waiting = "";
    show();
  } else take(keyOf(event));
});
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
part("close").addEventListener("click", () => dialog.close());
part("defaults").addEventListener("click", () => save(null));
part("fixed").textContent = "Always: u undo, Shift+u redo, x select, Shift+arrows select more, r use as the reference, j next query, / the change, ? this list.";

function open() {
  waiting = "";
  complain("");
  show();
  if (!dialog.open) dialog.showModal();
}
hear("keys", open);
document.addEventListener("keydown", (event) => {
  if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  event.preventDefault();
  open();
});
