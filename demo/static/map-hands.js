// Pointer, wheel and keys on the map.
const MODES = { lasso: "Lasso", move: "Move" };
const pointers = new Map(); // pointer -> where it is, in the frame
let lasso = [], over = -1, mode = matchMedia("(pointer: coarse)").matches ? "move" : "lasso", moved = 0, spread = 0, tipTimer = 0;

function showModes() {
  part("modes").replaceChildren(...Object.entries(MODES).map(([name, words]) => {
    const button = makeButton("source", words);
    button.setAttribute("role", "radio");
    button.setAttribute("aria-checked", String(name === mode));
    button.tabIndex = name === mode ? 0 : -1;
    button.addEventListener("click", () => turnTo(name));
    return button;
  }));
  frame.dataset.mode = mode;
}
function turnTo(name) {
  mode = name;
  showModes();
  part("modes").querySelector('[aria-checked="true"]').focus();
}
part("modes").addEventListener("keydown", (event) => {
  if (!event.key.startsWith("Arrow")) return;
  event.preventDefault();
  turnTo(mode === "lasso" ? "move" : "lasso");
});

const placeOf = (event) => {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};
function nearest(x, y, far) {
  let best = -1, least = far * far;
  for (let row = 0; row < map.count; row++) {
    const apart = (atX(map.X[row]) - x) ** 2 + (atY(map.Y[row]) - y) ** 2;
    if (apart < least) [least, best] = [apart, row];
  }
  return best;
}
// The rows whose dots lie in the polygon [[x, y]] of the frame, by the even-odd rule.
function inside(polygon) {
  const [left, right] = [Math.min(...polygon.map(([x]) => x)), Math.max(...polygon.map(([x]) => x))];
  const [top, low] = [Math.min(...polygon.map(([, y]) => y)), Math.max(...polygon.map(([, y]) => y))];
  const rows = [];
  for (let row = 0; row < map.count; row++) {
    const x = atX(map.X[row]), y = atY(map.Y[row]);
    if (x < left || x > right || y < top || y > low) continue;
    let within = false;
    for (let at = 0, before = polygon.length - 1; at < polygon.length; before = at++) {
      const [x1, y1] = polygon[at], [x2, y2] = polygon[before];
      if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) within = !within;
    }
    if (within) rows.push(row);
  }
  return rows;
}

function hover(row, x, y) {
  if (row !== over) {
    over = row;
    draw(false);
  }
  clearTimeout(tipTimer);
  const tip = part("tip");
  if (row < 0) return void (tip.hidden = true);
  tipTimer = setTimeout(async () => {
    const [garment] = await garmentsOf([row]);
    if (!garment || row !== over) return;
    tip.replaceChildren(makePhoto(garment.card, "", true), make("p", "", nameOf(garment)));
    tip.hidden = false;
    tip.style.left = `${x + 190 > wide ? x - 186 : x + 16}px`;
    tip.style.top = `${Math.max(4, Math.min(high - 240, y - 110))}px`;
  }, known.has(row) ? 0 : 70);
}

frame.addEventListener("pointerdown", (event) => {
  if (!map || event.button) return;
  frame.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, placeOf(event));
  [moved, spread] = [0, 0];
  lasso = pointers.size === 1 && mode === "lasso" ? [placeOf(event)] : [];
  hover(-1);
});
frame.addEventListener("pointermove", (event) => {
  if (!map) return;
  const [x, y] = placeOf(event), before = pointers.get(event.pointerId);
  if (!before) return event.pointerType === "mouse" ? hover(nearest(x, y, radius() + 6), x, y) : undefined;
  pointers.set(event.pointerId, [x, y]);
  moved += Math.hypot(x - before[0], y - before[1]);
  if (pointers.size === 2) {
    const [[ax, ay], [bx, by]] = [...pointers.values()], now = Math.hypot(ax - bx, ay - by);
    if (spread) zoomAt((ax + bx) / 2, (ay + by) / 2, now / spread);
    [spread, lasso] = [now, []];
  } else if (lasso.length) {
    lasso.push([x, y]);
    draw(false);
  } else {
    view.x -= (x - before[0]) / view.zoom;
    view.y -= (y - before[1]) / view.zoom;
    hold();
    draw();
  }
});
function lift(event) {
  if (!pointers.delete(event.pointerId) || !map) return;
  const drawn = lasso;
  lasso = [];
  draw(false);
  if (event.type !== "pointerup") return;
  if (moved < 6) return choose(nearest(...placeOf(event), radius() + 10));
  if (drawn.length) selectRows(inside(drawn), "the lasso");
}
frame.addEventListener("pointerup", lift);
frame.addEventListener("pointercancel", lift);
frame.addEventListener("pointerleave", () => map && hover(-1));
frame.addEventListener("wheel", (event) => {
  if (!map) return;
  event.preventDefault();
  hover(-1);
  zoomAt(...placeOf(event), Math.exp(-event.deltaY * 0.0016));
}, { passive: false });
frame.addEventListener("dblclick", (event) => map && zoomAt(...placeOf(event), 2));

// To the nearest garment that lies that way.
function walk(dx, dy) {
  if (chosen < 0) return choose(nearest(wide / 2, high / 2, 1e6));
  let best = -1, least = Infinity;
  for (let row = 0; row < map.count; row++) {
    const x = atX(map.X[row]) - atX(map.X[chosen]), y = atY(map.Y[row]) - atY(map.Y[chosen]);
    const along = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
    if (row !== chosen && along > 0 && along >= aside && along + 2 * aside < least) [least, best] = [along + 2 * aside, row];
  }
  if (best >= 0) choose(best);
}
frame.addEventListener("keydown", (event) => {
  if (!map || event.ctrlKey || event.metaKey || event.altKey) return;
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (way) walk(...way);
  else if (event.key === "+" || event.key === "=") zoomAt(wide / 2, high / 2, 1.5);
  else if (event.key === "-") zoomAt(wide / 2, high / 2, 1 / 1.5);
  else if (event.key === "Enter") part("one").querySelector(".quiet")?.click();
  else if (event.key === "Escape") selection ? selectRows(null) : choose(-1);
  else return;
  event.preventDefault();
});
part("nearer").addEventListener("click", () => zoomAt(wide / 2, high / 2, 1.6));
part("farther").addEventListener("click", () => zoomAt(wide / 2, high / 2, 1 / 1.6));
part("whole").addEventListener("click", showWhole);
showModes();
