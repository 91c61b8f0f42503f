// Shared by every part of the page. All text from people or files goes through textContent: never into a template.
const make = (tag, classes = "", text = "") => {
  const node = document.createElement(tag);
  if (classes) node.className = classes;
  if (text) node.textContent = text;
  return node;
};
const makeButton = (classes, text, label = "") => {
  const button = make("button", classes, text);
  button.type = "button";
  if (label) button.setAttribute("aria-label", label);
  return button;
};
// A photo that fades in, or says that it is missing.
const makePhoto = (address, text, eager = false) => {
  const frame = make("span", "photo");
  const image = make("img");
  image.alt = text;
  image.decoding = "async";
  if (!eager) image.loading = "lazy";
  image.addEventListener("load", () => frame.classList.add("is-loaded"));
  image.addEventListener("error", () => frame.classList.add("is-missing"));
  image.src = address;
  frame.append(image);
  return frame;
};
// The parts of the page talk to each other by events on the document.
const tell = (name, detail = {}) => document.dispatchEvent(new CustomEvent("hemline:" + name, { detail }));
const hear = (name, act) => document.addEventListener("hemline:" + name, (event) => act(event.detail));
// Opens Search with a reference (a garment as demo.service.shown gives it) and a change, and asks.
const openSearch = (reference, text) => {
  document.querySelector("#search-tab-button")?.click();
  tell("options", { options: {} });
  tell("use", { garment: reference });
  tell("change", { text });
};
const nameOf = (garment) => garment.caption || garment.id;
// A grid of which only one item is a tab stop; the arrows move inside it.
const reach = (item, yes) => {
  item.tabIndex = yes ? 0 : -1;
  for (const button of item.querySelectorAll("button")) button.tabIndex = yes ? 0 : -1;
};
const roam = (grid) => {
  const itemOf = (target) => [...grid.children].find((item) => item.contains(target));
  grid.addEventListener("focusin", (event) => {
    const here = itemOf(event.target);
    for (const item of grid.children) reach(item, item === here);
  });
  grid.addEventListener("keydown", (event) => {
    const all = [...grid.children], here = itemOf(event.target);
    const columns = all.filter((item) => item.offsetTop === all[0].offsetTop).length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (!step || !here || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    all[all.indexOf(here) + step]?.focus();
  });
};
