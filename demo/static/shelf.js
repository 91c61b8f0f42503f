// props.value is the name of the chosen catalogue, "" for the one the app starts with.
// The catalogue's shelf: filtered, shuffled, and read a page at a time from server.browse as it is scrolled.
const part = (name) => element.querySelector(`[data-part="${name}"]`);
const [filter, tiles, count, choice, facets, tags] = ["filter", "tiles", "count", "catalogue", "facets", "tags"].map(part);
let seed = 0, shown = 0, total = 0, waiting = false, chosen = "", catalogue = "", known = "", filters = {};
let picking = false; // whether the next tap is for the second reference

function tileOf(garment) {
  const tile = makeButton("tile", "", nameOf(garment));
  tile.dataset.id = garment.id;
  tile.title = nameOf(garment);
  tile.setAttribute("aria-pressed", String(garment.id === chosen));
  tile.append(makePhoto(garment.card, ""));
  tile.addEventListener("click", () => tell(picking ? "second" : "use", { garment }));
  return tile;
}

async function more(fresh = false) {
  if (waiting && !fresh) return;
  waiting = true;
  const words = filter.value, order = seed, start = fresh ? 0 : shown, asked = catalogue, only = filters;
  let page;
  try {
    page = await server.browse({ catalogue, words, filters, seed: order, start });
  } catch (error) {
    console.warn(error);
    count.textContent = "cannot be read; is the app still running?";
    waiting = false;
    return;
  }
  if (words !== filter.value || order !== seed || asked !== catalogue || only !== filters) return; // a newer question is on its way
  offer(page.catalogues);
  if (page.catalogue !== catalogue) return pick(page.catalogue); // the chosen one is gone
  if (fresh) {
    fillFacets(facets, page.facets, filters, "Filters");
    tiles.replaceChildren();
    tiles.scrollTop = 0;
  }
  tiles.append(...page.garments.map(tileOf));
  [...tiles.children].forEach((tile, place) => reach(tile, place === 0));
  shown = start + page.garments.length;
  total = page.total;
  const noun = total === 1 ? "garment" : "garments";
  count.textContent = total ? `${total.toLocaleString("en")} ${noun}` : "nothing matches";
  waiting = false;
}

function offer(catalogues) {
  sizes = new Map(catalogues.map(({ name, garments }) => [name, garments]));
  const seen = JSON.stringify(catalogues);
  if (seen === known) return;
  known = seen;
  choice.hidden = catalogues.length < 2;
  element.querySelector(".shelf").classList.toggle("has-choice", !choice.hidden);
  choice.replaceChildren(...catalogues.map(({ name, garments }) => {
    const option = make("option", "", `${name || "Hemline’s catalogue"} (${garments.toLocaleString("en")})`);
    option.value = name;
    return option;
  }));
  choice.value = catalogue;
  tell("catalogue-size", { garments: sizes.get(catalogue) });
}
let sizes = new Map();

// Another catalogue: the reference, the answer and the examples of the one before go with it.
function pick(name) {
  catalogue = props.value = name;
  filter.value = "";
  filters = {};
  tags.replaceChildren();
  seed = 0;
  choice.value = name;
  tell("catalogue", { name });
  if (sizes.has(name)) tell("catalogue-size", { garments: sizes.get(name) });
  return more(true);
}
choice.addEventListener("change", () => pick(choice.value));
part("bring").hidden = !props.bring;
part("bring").addEventListener("click", () => tell("own"));
hear("catalogues", ({ choose }) => (choose !== undefined ? pick(choose) : more(true)));

function setFilters(values) {
  filters = values;
  tags.replaceChildren(...filterTags(filters, setFilters));
  more(true);
}
onFacet(facets, (field, value) => setFilters(withValue(filters, field, value)));
hear("picking", ({ on }) => {
  picking = on;
  element.classList.toggle("is-picking", on);
});

let pause = 0;
filter.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(() => more(true), 180);
});
tiles.addEventListener("scroll", () => {
  const left = tiles.scrollHeight - tiles.scrollTop - tiles.clientHeight;
  if (left < 600 && shown < total) more();
});
part("shuffle").addEventListener("click", () => {
  seed = 1 + Math.floor(Math.random() * 1e9);
  more(true);
});
roam(tiles);
hear("reference", ({ garment }) => {
  chosen = garment ? garment.id : "";
  for (const tile of tiles.children) tile.setAttribute("aria-pressed", String(tile.dataset.id === chosen));
});
more(true);
