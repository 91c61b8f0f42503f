// Looking closely: the reference and one hit side by side, judged by the same keys, perhaps with a reason; arrows
// go to the next hit.
const dialog = part("closer");
const LONGEST_REASON = 500;

function closer(hit) {
  const figure = (garment, label) => {
    const frame = make("figure");
    const words = make("figcaption");
    words.append(make("span", "eyebrow", label), make("span", "", nameOf(garment)));
    frame.append(makePhoto(garment.view, nameOf(garment), true), words);
    return frame;
  };
  const head = make("div", "closer-head");
  const shut = makeButton("quiet", "Close");
  shut.addEventListener("click", () => dialog.close());
  head.append(make("span", "badge"), make("p", "closer-keys", "← → next · u undo · Esc close"), shut);
  const pair = make("div", "pair");
  const reference = referenceOf(answer);
  if (reference) pair.append(figure(reference, "Reference"));
  pair.append(figure(hit, `Rank ${hit.rank} · ${hit.score.toFixed(3)}`));
  const acts = make("div", "closer-acts");
  acts.append(...VOCABULARY.map((verdict) => makeVerdict(verdict, (name) => judge([hit], name))));
  dialog.replaceChildren(head, pair, meetingOf(hit), acts, reasonOf(hit), ...(props.captions ? [lookingOf(hit)] : []));
  dialog.tabIndex = -1;
  dialog.dataset.id = hit.id;
  dialog.setAttribute("aria-label", `The reference beside rank ${hit.rank}`);
  paintCloser(hit, (verdicts[hit.id] || {}).verdict || "");
  if (!dialog.open) dialog.showModal();
  dialog.focus(); // the focused button was replaced, and keys go where the focus is
}

function reasonOf(hit) {
  const line = make("label", "reason"), field = make("input");
  field.type = "text";
  field.maxLength = LONGEST_REASON;
  field.placeholder = "Why? (optional; Enter saves it)";
  field.value = (verdicts[hit.id] || {}).reason || "";
  field.setAttribute("aria-label", "Reason, optional");
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") return dialog.focus();
    if (event.key !== "Enter") return;
    event.preventDefault();
    const said = verdicts[hit.id];
    if (!said) say("Choose a verdict: the reason is saved with it.");
    else if (said.reason !== field.value.trim()) judge([hit], said.verdict);
    dialog.focus(); // the next key is a verdict's
  });
  line.append(field);
  return line;
}
// What is typed as the reason while the dialog shows this hit.
const typedReason = (id) => (dialog.open && dialog.dataset.id === id ? dialog.querySelector(".reason input")?.value.trim() || "" : null);

function paintCloser(hit, verdict) {
  if (dialog.dataset.id !== hit.id) return;
  dialog.dataset.verdict = verdict;
  dialog.dataset.role = roleOf(verdict);
  const badge = dialog.querySelector(".badge");
  if (badge) badge.textContent = verdict;
  for (const button of dialog.querySelectorAll(".act")) {
    button.setAttribute("aria-pressed", String(button.dataset.verdict === verdict));
  }
}

function beside(hit, key) {
  const at = answer.hits.indexOf(hit) + (key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1);
  return answer.hits[Math.max(0, Math.min(answer.hits.length - 1, at))];
}

dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
dialog.addEventListener("close", () => {
  const card = [...cards.children].find((item) => item.dataset.id === dialog.dataset.id);
  if (card) card.focus();
});
