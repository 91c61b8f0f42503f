// The panel for bringing one's own photos: opening and closing it. It holds Gradio's own widgets, so it is a column
// laid over the page and no dialog element.
const part = (name) => element.querySelector(`[data-part="${name}"]`);
const panel = () => document.querySelector("#own-panel");
let opener = null;

part("limits").textContent =
  `At most ${props.photos.toLocaleString("en")} photos and ${props.megabytes.toLocaleString("en")} MiB at once. ` +
  "Everybody who can open this page sees them.";

function close() {
  if (!panel().classList.contains("is-open")) return;
  panel().classList.remove("is-open");
  opener?.focus();
}

hear("own", () => {
  opener = document.activeElement;
  panel().setAttribute("role", "dialog");
  panel().setAttribute("aria-label", "Bring your own photos");
  panel().classList.add("is-open");
  part("close").focus();
});
part("close").addEventListener("click", close);
document.addEventListener("keydown", (event) => event.key === "Escape" && close());
