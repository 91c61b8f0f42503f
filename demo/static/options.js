// The options of a query. props.value is null while all are as they are without anybody choosing, else
// {without, weight, filters, second, within: {ids, label}, fold, top_k}, each only where it was chosen.
const part = (name) => element.querySelector(`[data-part="${name}"]`);
const [tags, more, without, weight, facets, second, count, fold] =
  ["tags", "more", "without", "weight", "facets", "second", "top", "fold"].map(part);
const USUAL = "24";
let chosen = {}, beside = null, known = {}, catalogue = "", asked = false, answered = "", pause = 0;

function set(changes, again = true) {
  chosen = Object.fromEntries(Object.entries({ ...chosen, ...changes }).filter(([, value]) => value));
  if (!Object.keys(chosen.filters || {}).length) delete chosen.filters;
  if (!chosen.second) beside = null;
  props.value = Object.keys(chosen).length ? chosen : null;
  show();
  // the answer that is shown follows the options
  if (again && asked && JSON.stringify(chosen) !== answered) askSoon();
}
function askSoon() {
  clearTimeout(pause);
  pause = setTimeout(() => document.querySelector("#search").click(), 250);
}
function clearAll(again) {
  chosen = {};
  set({}, again);
}
const filters = () => chosen.filters || {};
const setFilters = (values) => set({ filters: values });
const sayWeight = (value) => `${value > 0 ? "photo" : "words"} +${Math.abs(value).toFixed(1)}`;

function show() {
  const { within } = chosen;
  tags.replaceChildren(
    ...(within ? [makeTag(`within ${within.ids.length.toLocaleString("en")} ${within.ids.length === 1 ? "garment" : "garments"}${within.label ? ` of ${within.label}` : ""}`, () => set({ within: null }))] : []),
    ...(chosen.without ? [makeTag(`without ${chosen.without}`, () => set({ without: "" }))] : []),
    ...filterTags(filters(), setFilters),
    ...(chosen.weight ? [makeTag(sayWeight(chosen.weight), () => set({ weight: 0 }))] : []),
    ...(beside ? [makeTag("second reference", () => set({ second: "" }))] : []),
    ...(chosen.fold ? [makeTag("near-duplicates folded", () => set({ fold: false }))] : []),
  );
  if (tags.children.length > 1) {
    const clear = makeButton("link", "Clear all");
    clear.addEventListener("click", () => clearAll(true));
    tags.append(clear);
  }
  if (document.activeElement !== without) without.value = chosen.without || "";
  weight.value = chosen.weight || 0;
  weight.setAttribute("aria-valuetext", chosen.weight ? sayWeight(chosen.weight) : "as the model was trained");
  count.value = chosen.top_k || USUAL;
  fold.checked = Boolean(chosen.fold);
  fillFacets(facets, known, filters(), "any garment");
  part("filtering").hidden = facets.hidden;
  showSecond();
}

function showSecond() {
  tell("picking", { on: false });
  if (beside) {
    const remove = makeButton("quiet", "Remove", "Remove the second reference");
    remove.addEventListener("click", () => set({ second: "" }));
    return second.replaceChildren(makePhoto(beside.card, "", true), make("span", "second-words", nameOf(beside)), remove);
  }
  const pick = makeButton("quiet", "Pick in the catalogue");
  pick.addEventListener("click", () => {
    tell("picking", { on: true });
    const stop = makeButton("quiet", "Cancel");
    stop.addEventListener("click", showSecond);
    second.replaceChildren(make("span", "second-words", "Tap a garment of the catalogue below"), stop);
    stop.focus();
  });
  second.replaceChildren(pick);
}

const fill = () => server.browse({ catalogue }).then((page) => {
  known = page.facets;
  show();
}, (error) => console.warn(error));

without.addEventListener("input", () => set({ without: without.value.trim() }, false));
without.addEventListener("change", () => set({}));
without.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  set({}, false);
  askSoon();
});
weight.addEventListener("change", () => set({ weight: +weight.value }));
onFacet(facets, (field, value) => setFilters(withValue(filters(), field, value)));
count.addEventListener("change", () => set({ top_k: count.value === USUAL ? 0 : +count.value }));
fold.addEventListener("change", () => set({ fold: fold.checked }));
hear("second", ({ garment }) => {
  beside = garment;
  more.open = true;
  set({ second: garment.id });
});
// All of them at once, as a step of the trail or a link has them; whoever tells it asks.
hear("options", (told) => {
  chosen = {};
  beside = told.second || null;
  set({ ...told.options }, false);
});
hear("within", ({ ids, label }) => set({ within: ids && ids.length ? { ids, label: label || "" } : null }));
hear("answered", () => (asked = true));
hear("searching", () => { // what was about to be asked is being asked
  clearTimeout(pause);
  answered = JSON.stringify(chosen);
});
hear("catalogue", ({ name }) => {
  catalogue = name;
  asked = false;
  clearAll(false);
  fill();
});
fill();
