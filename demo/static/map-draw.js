// Painting. Dots are stamped into the canvas's own pixels, so that fifty thousand take a few hundredths of a second on
// any machine, without a GPU; what moves (lasso, rings, the query's path) is on a second canvas above.
const [canvas, ink] = ["points", "ink"].map(part);
const pen = canvas.getContext("2d"), inkPen = ink.getContext("2d");
const MARGIN = 26, MOST_ZOOM = 60;
const view = { zoom: 1, x: 0, y: 0 };
let wide = 0, high = 0, ratio = 1, image = null, pixels = null, order = new Uint32Array(0), waiting = 0, ground = {};

const atX = (x) => (MARGIN + x * (wide - 2 * MARGIN) - view.x) * view.zoom;
const atY = (y) => (MARGIN + y * (high - 2 * MARGIN) - view.y) * view.zoom;
const colourOf = (number) => {
  const { none } = classes[number] || {};
  if (none) return isDark() ? "#5d574d" : "#c4bdb0";
  const colours = SCALES[scale];
  return isDark() && OUTWARD.includes(scale) ? colours[colours.length - 1 - number] : colours[number];
};
const parse = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
const mix = (one, two, share) => one.map((value, at) => value + (two[at] - value) * share);
const pack = ([red, green, blue]) => (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;

function readGround() {
  const style = getComputedStyle(element), at = (name) => style.getPropertyValue(name).trim();
  ground = { sheet: at("--sheet"), ink: at("--ink"), soft: at("--soft"), focus: at("--focus"), green: at("--green"), red: at("--red") };
}

// What is painted later lies on top: what is chosen over what is not, rare classes over common ones.
function arrange() {
  if (!map || !classes.length) return;
  const places = classes.map((_, number) => number).sort((a, b) => (classes[b].none || false) - (classes[a].none || false) || classes[b].count - classes[a].count);
  const place = new Uint8Array(classes.length);
  places.forEach((number, at) => (place[number] = at));
  const layerOf = (row) => place[classOf[row]] + (selection && !selection.in[row] ? 0 : classes.length);
  const starts = new Uint32Array(2 * classes.length + 1);
  for (let row = 0; row < map.count; row++) starts[layerOf(row) + 1] += 1;
  for (let layer = 1; layer < starts.length; layer++) starts[layer] += starts[layer - 1];
  order = new Uint32Array(map.count);
  for (let row = 0; row < map.count; row++) order[starts[layerOf(row)]++] = row;
  draw();
}

const radius = () => Math.min(9, Math.max(2.2, 6.4 - 1.2 * Math.log10(Math.max(map.count, 100) / 100)) + 0.7 * Math.log2(view.zoom));

// A disc as pixel offsets and their colours. Its edge is nearer to the ink, so that pale hues stand out as well.
function stampOf(colour, faint) {
  const sheet = parse(ground.sheet), size = radius() * ratio, far = Math.ceil(size);
  const fill = faint ? mix(parse(colour), sheet, isDark() ? 0.72 : 0.8) : parse(colour), edge = faint ? fill : mix(fill, parse(ground.ink), 0.3);
  const stamp = [];
  for (let y = -far; y <= far; y++) for (let x = -far; x <= far; x++) {
    const inside = size - Math.hypot(x, y);
    if (inside < 0) continue;
    stamp.push([y * canvas.width + x, pack(size > 3 && inside < 0.8 * ratio ? edge : fill)]);
  }
  return { at: Int32Array.from(stamp, ([at]) => at), ink: Uint32Array.from(stamp, ([, colour]) => colour), far };
}

function paintPoints() {
  if (!image || image.width !== canvas.width || image.height !== canvas.height) {
    image = pen.createImageData(canvas.width, canvas.height);
    pixels = new Uint32Array(image.data.buffer);
  }
  pixels.fill(0);
  const stamps = classes.flatMap((_, number) => [stampOf(colourOf(number), true), stampOf(colourOf(number), false)]);
  const { X, Y } = map, far = stamps[0].far, right = canvas.width - far - 1, low = canvas.height - far - 1;
  const scaleX = (wide - 2 * MARGIN) * view.zoom * ratio, startX = (MARGIN - view.x) * view.zoom * ratio;
  const scaleY = (high - 2 * MARGIN) * view.zoom * ratio, startY = (MARGIN - view.y) * view.zoom * ratio;
  let painted = 0;
  for (let place = 0; place < order.length; place++) {
    const row = order[place], x = Math.round(startX + X[row] * scaleX), y = Math.round(startY + Y[row] * scaleY);
    if (x < far || y < far || x > right || y > low) continue;
    const { at, ink } = stamps[2 * classOf[row] + (selection && !selection.in[row] ? 0 : 1)], middle = y * canvas.width + x;
    for (let dot = 0; dot < at.length; dot++) pixels[middle + at[dot]] = ink[dot];
    painted += 1;
  }
  pen.putImageData(image, 0, 0);
  Object.assign(canvas.dataset, { by: colouredBy, dots: painted });
}

function ringAt(row, colour, size = radius() + 3) {
  inkPen.strokeStyle = colour;
  inkPen.lineWidth = 2.5;
  inkPen.beginPath();
  inkPen.arc(atX(map.X[row]), atY(map.Y[row]), size, 0, 7);
  inkPen.stroke();
}

function paintInk() {
  inkPen.setTransform(ratio, 0, 0, ratio, 0, 0);
  inkPen.clearRect(0, 0, wide, high);
  drawPath();
  if (over >= 0) ringAt(over, ground.soft);
  if (chosen >= 0) ringAt(chosen, ground.focus, radius() + 4);
  if (lasso.length < 2) return;
  inkPen.beginPath();
  lasso.forEach(([x, y], at) => (at ? inkPen.lineTo(x, y) : inkPen.moveTo(x, y)));
  inkPen.closePath();
  inkPen.fillStyle = ground.focus + "22";
  inkPen.fill();
  inkPen.strokeStyle = ground.focus;
  inkPen.lineWidth = 1.5;
  inkPen.stroke();
}

// `all` false: only what is above the dots has changed.
function draw(all = true) {
  waiting = Math.max(waiting, all ? 2 : 1);
  if (draw.asked) return;
  draw.asked = requestAnimationFrame(() => {
    const both = waiting === 2;
    [draw.asked, waiting] = [0, 0];
    if (!map || !wide || !classes.length) return;
    if (both) {
      readGround();
      paintPoints();
    }
    paintInk();
  });
}

function hold() { // the map's edge stays within the frame
  view.x = Math.max(0, Math.min(wide - wide / view.zoom, view.x));
  view.y = Math.max(0, Math.min(high - high / view.zoom, view.y));
}
function zoomAt(x, y, factor) {
  const next = Math.max(1, Math.min(MOST_ZOOM, view.zoom * factor));
  view.x += x / view.zoom - x / next;
  view.y += y / view.zoom - y / next;
  view.zoom = next;
  hold();
  draw();
}
function showWhole() {
  Object.assign(view, { zoom: 1, x: 0, y: 0 });
  draw();
}
// So that the places [[x, y]] of the map, from 0 to 1, fill the frame.
function showAll(places) {
  const at = places.map(([x, y]) => [MARGIN + x * (wide - 2 * MARGIN), MARGIN + y * (high - 2 * MARGIN)]);
  const [left, right] = [Math.min(...at.map(([x]) => x)), Math.max(...at.map(([x]) => x))];
  const [top, low] = [Math.min(...at.map(([, y]) => y)), Math.max(...at.map(([, y]) => y))];
  view.zoom = Math.max(1, Math.min(12, 0.7 * Math.min(wide / Math.max(right - left, 1), high / Math.max(low - top, 1))));
  view.x = (left + right - wide / view.zoom) / 2;
  view.y = (top + low - high / view.zoom) / 2;
  hold();
  draw();
}

function fit() {
  const box = frame.getBoundingClientRect();
  if (!box.width) return;
  [wide, high, ratio] = [frame.clientWidth, frame.clientHeight, Math.min(2, devicePixelRatio || 1)];
  for (const one of [canvas, ink]) [one.width, one.height] = [Math.round(wide * ratio), Math.round(high * ratio)];
  hold();
  draw();
}
new ResizeObserver(fit).observe(frame);
new MutationObserver(() => {
  if (map) showLegend();
  draw();
}).observe(document.body, { attributes: true, attributeFilter: ["class"] });
