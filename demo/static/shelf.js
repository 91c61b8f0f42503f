// The catalogue's shelf: filtered, shuffled, and read a page at a time from server.browse as it is scrolled.
const part = (name) => element.querySelector(`[data-part="${name}"]`);
const [filter, tiles, count] = ["filter", "tiles", "count"].map(part);
let seed = 0, shown = 0, total = 0, waiting = false, chosen = "";

function tileOf(garment) {
  const tile = makeButton("tile", "", nameOf(garment));
  tile.dataset.id = garment.id;
  tile.title = nameOf(garment);
  tile.setAttribute("aria-pressed", String(garment.id === chosen));
  tile.append(makePhoto(garment.card, ""));
  tile.addEventListener("click", () => tell("use", { garment }));
  return tile;
}

async function more(fresh = false) {
  if (waiting && !fresh) return;
  waiting = true;
  const words = filter.value, order = seed, start = fresh ? 0 : shown;
  let page;
  try {
    page = await server.browse({ words, seed: order, start });
  } catch (error) {
    console.warn(error);
    count.textContent = "cannot be read; is the app still running?";
    waiting = false;
    return;
  }
  if (words !== filter.value || order !== seed) return; // a newer question is on its way
  if (fresh) {
    tiles.replaceChildren();
    tiles.scrollTop = 0;
  }
  tiles.append(...page.garments.map(tileOf));
  [...tiles.children].forEach((tile, place) => reach(tile, place === 0));
  shown = start + page.garments.length;
  total = page.total;
  const noun = total === 1 ? "garment" : "garments";
  count.textContent = total ? `${total.toLocaleString("en")} ${noun}` : "nothing matches these words";
  waiting = false;
}

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
