// Figures with their intervals, and the controls over a table: shared by Leaderboard, Errors and Compare.
const SVG = "http://www.w3.org/2000/svg";
const makeSvg = (tag, attributes = {}) => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};
const number = (value) => Number(value).toLocaleString("en");
const count = (value, one, many = one + "s") => `${number(value)} ${value === 1 ? one : many}`;
const signed = (value, digits = 1) => (value >= 0 ? "+" : "−") + Math.abs(value).toFixed(digits);
// A share of 0 to 100 with its interval, as a dot on a line from nothing to all.
const makeInterval = ({ mean, low = mean, high = mean }, label) => {
  const picture = makeSvg("svg", { viewBox: "0 0 100 12", preserveAspectRatio: "none", role: "img", "aria-label": label });
  picture.classList.add("interval");
  const line = (x1, x2, kind) => {
    const drawn = makeSvg("line", { x1, x2, y1: 6, y2: 6 });
    drawn.classList.add(kind);
    return drawn;
  };
  picture.append(line(0, 100, "interval-track"), line(0, mean, "interval-to"), line(low, high, "interval-ends"));
  const dot = makeSvg("line", { x1: mean, x2: mean, y1: 1, y2: 11 });
  dot.classList.add("interval-mean");
  picture.append(dot);
  return picture;
};
const ends = ({ low, high }, digits = 1) => `${low.toFixed(digits)} to ${high.toFixed(digits)}`;
// A labelled choice of [value, words] pairs.
const makeChoice = (text, pairs, act, chosen = "") => {
  const label = make("label", "control"), select = make("select");
  label.append(make("span", "control-label", text), select);
  setChoices(select, pairs, chosen);
  select.addEventListener("change", () => act(select.value));
  return label;
};
const setChoices = (select, pairs, chosen = "") => {
  select.replaceChildren(...pairs.map(([value, words]) => {
    const option = make("option", "", words);
    option.value = value;
    return option;
  }));
  select.value = chosen;
};
const makeField = (text, placeholder, act) => {
  const label = make("label", "control control-wide"), field = make("input");
  field.type = "search";
  field.placeholder = placeholder;
  label.append(make("span", "control-label", text), field);
  let pause = 0;
  field.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => act(field.value), 250);
  });
  return label;
};
// A column's head that sorts; `order` is {by, down}, changed in place before `act` is called.
const makeHead = (words, by, order, act, first = true) => {
  const cell = make("th");
  cell.scope = "col";
  if (!by) {
    cell.textContent = words;
    return cell;
  }
  const here = order.by === by, button = makeButton("sort", words);
  cell.setAttribute("aria-sort", here ? (order.down ? "descending" : "ascending") : "none");
  button.append(make("span", "sort-way", here ? (order.down ? "↓" : "↑") : ""));
  button.addEventListener("click", () => {
    order.down = here ? !order.down : first;
    order.by = by;
    act();
  });
  cell.append(button);
  return cell;
};
// Gradio makes a tab's parts when it is first opened, so what was told before must be asked for.
const catalogueNow = () => document.querySelector('#shelf [data-part="catalogue"]')?.value || "";
const showErrors = (run, against = "") => {
  window.hemlineErrors = { run, against }; // until the tab takes it
  openTab("Errors");
  tell("errors-show");
};
// Opens a tab that may be in the menu of those that a narrow screen has no room for.
const openTab = (name) => {
  const button = document.querySelector(`#${name.toLowerCase()}-tab-button`);
  const listed = [...document.querySelectorAll("#tabs .overflow-dropdown button")];
  (button || listed.find((item) => item.textContent.trim() === name))?.click();
};
// A run that has not answered the queries yet: what that takes, or how far it is. `act` begins it.
const makeNeeds = ({ queries, job }, label, act) => {
  const box = make("div", "needs"), words = make("p", "needs-words");
  box.append(words);
  if (job && !job.problem) {
    const left = job.left === null ? "" : `, about ${job.left < 90 ? `${Math.ceil(job.left)} s` : `${Math.ceil(job.left / 60)} min`} left`;
    words.textContent = `${label} answers the queries on file: ${number(job.done)} of ${number(job.of)}${left}. You may go on searching meanwhile.`;
    const bar = make("progress", "needs-bar");
    bar.max = job.of;
    bar.value = job.done;
    bar.setAttribute("aria-label", "Queries answered");
    box.append(bar);
    return box;
  }
  const again = job ? `It went wrong: ${job.problem}. ` : "";
  words.textContent = `${again}${label} has not answered the ${count(queries, "query", "queries")} on file yet. That takes some minutes on a small machine, in the background, and is kept.`;
  const button = makeButton("strong", job ? "Try again" : "Answer them");
  button.addEventListener("click", () => { button.disabled = true; act(); });
  box.append(button);
  return box;
};
