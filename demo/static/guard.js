// Before a hard negative counts: reference, candidate and the garment that was meant side by side, what speaks
// against the flag, and what to make of it. `asked` is {reference, text, verdict, warned}; `answer` is called for
// each candidate with "keep" or "right", and for none that is cancelled; `closed` at the end.
const guardDialog = part("guard");
const DOUBLE = 500; // ms within which a second press of the same key is the first one's echo
let guardTurn = null;

function secondLook(asked, answer, closed) {
  guardTurn = { asked, answer, closed, left: [...asked.warned], since: performance.now() };
  showGuard();
  if (!guardDialog.open) guardDialog.showModal();
  guardDialog.focus();
}

function guardFigure(garment, label, kind = "") {
  const frame = make("figure", kind), words = make("figcaption");
  words.append(make("span", "eyebrow", label), make("span", "figure-name", nameOf(garment)));
  frame.append(makePhoto(garment.view, `${label}: ${nameOf(garment)}`, true), words);
  return frame;
}

function showGuard() {
  const { asked, left } = guardTurn, { hit, cautions, targets } = left[0];
  const title = make("h2", "sheet-title", "Look again before this counts as wrong");
  title.id = element.id + "-guard-title";
  guardDialog.setAttribute("aria-labelledby", title.id);
  const count = make("p", "sheet-note", asked.text ? `Asked: “${asked.text}”` : "Asked: the picture alone");
  if (asked.warned.length > 1) count.append(` · ${asked.warned.length - left.length + 1} of ${asked.warned.length}`);
  const trio = make("div", "trio");
  if (asked.reference) trio.append(guardFigure(asked.reference, "Reference"));
  trio.append(guardFigure(hit, `You say: ${asked.verdict}`, "is-judged"));
  trio.append(...targets.map((target) => guardFigure(target, "What was meant")));
  trio.dataset.count = trio.children.length;
  const list = make("ul", "cautions");
  list.append(...cautions.map(({ sentence }) => make("li", "", sentence)));
  const acts = make("div", "sheet-acts");
  const button = (classes, text, key, way) => {
    const one = makeButton(classes, "");
    one.append(make("span", "", text), makeKey(key));
    one.addEventListener("click", () => resolveGuard(way));
    return one;
  };
  const keep = button("act", `Look again: keep it as ${asked.verdict}`, keys.get(asked.verdict), "keep");
  keep.dataset.role = "negative";
  acts.append(keep);
  if (RIGHT) {
    const right = button("act", `It is also right (${RIGHT.name})`, keys.get(RIGHT.name), "right");
    right.dataset.role = "positive";
    acts.append(right);
  }
  acts.append(button("quiet", "Cancel", "Esc", ""));
  const parts = [title, count, trio, list, acts];
  if (left.length > 1) {
    const label = make("label", "sheet-note all"), box = make("input");
    box.type = "checkbox";
    label.append(box, `The same for the other ${left.length - 1}`);
    parts.splice(4, 0, label);
  }
  guardDialog.replaceChildren(...parts);
  guardDialog.tabIndex = -1;
}

function resolveGuard(way) {
  const { answer, left } = guardTurn;
  const all = guardDialog.querySelector(".all input")?.checked;
  const these = left.splice(0, all ? left.length : 1);
  if (way) answer(way, these);
  guardTurn.since = performance.now();
  if (!left.length) return guardDialog.close();
  showGuard();
  guardDialog.focus();
}

guardDialog.addEventListener("keydown", (event) => {
  event.stopPropagation();
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (performance.now() - guardTurn.since < DOUBLE && event.key !== "Escape" && event.key !== "Tab") return;
  const said = verdictOf(keyOf(event));
  if (said === guardTurn.asked.verdict) resolveGuard("keep");
  else if (RIGHT && said === RIGHT.name) resolveGuard("right");
  else return;
  event.preventDefault();
});
guardDialog.addEventListener("close", () => guardTurn.closed());
