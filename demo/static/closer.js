// Looking closely: the reference and one hit side by side, judged by the same keys; arrows go to the next hit.
const dialog = element.querySelector('[data-part="closer"]');

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
  const keys = make("p", "closer-keys", "← → next · h hard negative · a acceptable · u undo · Esc close");
  head.append(make("span", "badge"), keys, shut);
  const pair = make("div", "pair");
  if (answer.reference) pair.append(figure(answer.reference, "Reference"));
  pair.append(figure(hit, `Rank ${hit.rank} · ${hit.score.toFixed(3)}`));
  dialog.replaceChildren(head, pair);
  dialog.tabIndex = -1;
  dialog.dataset.id = hit.id;
  dialog.setAttribute("aria-label", `The reference beside rank ${hit.rank}`);
  paintCloser(hit, (verdicts[hit.id] || {}).verdict || "");
  if (!dialog.open) dialog.showModal();
  dialog.focus(); // the focused button was replaced, and keys go where the focus is
}

function paintCloser(hit, verdict) {
  if (dialog.dataset.id !== hit.id) return;
  dialog.dataset.verdict = verdict;
  const badge = dialog.querySelector(".badge");
  if (badge) badge.textContent = verdict;
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
