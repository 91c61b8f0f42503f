// The last query on the map: reference, words, composed query and its hits as a path; see demo/map_query.py.
const STEPS = {
  reference: ["Reference", "r"],
  second: ["Second reference", "s"],
  words: ["Words alone", "w"],
  before: ["As it was built", "b"],
  query: ["Composed query", "q"],
  hits: ["Hits, by rank", "1"],
  targets: ["Target on file", "★"],
};
const hiddenSteps = new Set();
let path = null, pathOf = null, portrait = null;

async function readPath() {
  const of = answer;
  if (!map || !of || pathOf === of) return showQuery();
  pathOf = of;
  const found = await ask(server.path, ofAnswer());
  if (of !== answer) return;
  path = found;
  portrait = null;
  if (of.reference) {
    portrait = new Image();
    portrait.onload = () => draw(false);
    portrait.src = of.reference.card;
  }
  showQuery();
  showSelection();
  draw(false);
}

const pointOf = (what) => path && path.points.find((point) => point.what === what);
const has = (what) => path && (what === "hits" || what === "targets" ? path[what].length > 0 : Boolean(pointOf(what)));
const isShown = (what) => has(what) && !hiddenSteps.has(what);

function showQuery() {
  const box = part("query");
  box.replaceChildren(make("h2", "side-title", "The last query"));
  if (!path) return void box.append(make("p", "map-hint", answer ? "Reading …" : "Ask on Search: the reference, the words, the query and its hits are then drawn here as a path."));
  box.append(make("p", "map-asked", answer.query.text ? `“${answer.query.text}”` : "Most like the reference"));
  const list = make("ul", "map-steps");
  for (const [what, [words, sign]] of Object.entries(STEPS)) {
    if (!has(what)) continue;
    const item = make("li"), label = make("label"), tick = make("input");
    tick.type = "checkbox";
    tick.checked = !hiddenSteps.has(what);
    tick.addEventListener("change", () => {
      tick.checked ? hiddenSteps.delete(what) : hiddenSteps.add(what);
      draw(false);
    });
    label.append(tick, make("b", `map-sign is-${what}`, sign), make("span", "", what === "before" ? "The query before " + map.version : words));
    item.append(label);
    list.append(item);
  }
  const acts = make("div", "map-acts"), near = makeButton("quiet", "Zoom to it"), cards = makeButton("quiet", "Select the hits");
  near.addEventListener("click", () => showAll([...path.points.map(({ x, y }) => [x, y]), ...path.hits.map((row) => [map.X[row], map.Y[row]])]));
  cards.addEventListener("click", () => selectRows(path.hits, "hits of the last query"));
  acts.append(near, cards);
  const spread = pointOf("query").spread;
  box.append(list, acts, make("p", "map-hint", `Placed among its nearest garments, which lie ${(100 * spread).toFixed(0)} % of the map’s width around it${spread > 0.1 ? ": they lie apart, so the place says little" : ""}. The dotted ring shows it.`));
}

function line(from, to, colour, dash = [], head = false) {
  const [x1, y1, x2, y2] = [atX(from.x), atY(from.y), atX(to.x), atY(to.y)], turn = Math.atan2(y2 - y1, x2 - x1);
  const short = Math.hypot(x2 - x1, y2 - y1) < 24 ? 0 : 13, [endX, endY] = [x2 - short * Math.cos(turn), y2 - short * Math.sin(turn)];
  for (const [paint, width, gaps] of [[ground.sheet, 6, []], [colour, 2.5, dash]]) {
    inkPen.strokeStyle = inkPen.fillStyle = paint;
    inkPen.lineWidth = width;
    inkPen.setLineDash(gaps);
    inkPen.beginPath();
    inkPen.moveTo(x1, y1);
    inkPen.lineTo(endX, endY);
    inkPen.stroke();
    inkPen.setLineDash([]);
  }
  if (!head) return;
  inkPen.beginPath();
  inkPen.moveTo(endX + 8 * Math.cos(turn), endY + 8 * Math.sin(turn));
  for (const side of [2.5, -2.5]) inkPen.lineTo(endX + 9 * Math.cos(turn + side), endY + 9 * Math.sin(turn + side));
  inkPen.fill();
}

function sign(x, y, text, fill, paper, size = 10) {
  inkPen.beginPath();
  inkPen.arc(x, y, size, 0, 7);
  inkPen.fillStyle = fill;
  inkPen.fill();
  inkPen.strokeStyle = ground.sheet;
  inkPen.lineWidth = 2;
  inkPen.stroke();
  inkPen.fillStyle = paper;
  inkPen.font = `700 ${size + 1}px ${getComputedStyle(element).fontFamily}`;
  inkPen.textAlign = "center";
  inkPen.textBaseline = "middle";
  inkPen.fillText(text, x, y + 0.5);
}

function tag(x, y, text) {
  if (wide < 500) return; // no room: the list beside the map says what the signs are
  inkPen.font = `700 13px ${getComputedStyle(element).fontFamily}`;
  inkPen.textAlign = x > wide - 150 ? "right" : "left";
  inkPen.textBaseline = "middle";
  const from = x > wide - 150 ? x - 16 : x + 16;
  inkPen.lineJoin = "round";
  inkPen.strokeStyle = ground.sheet;
  inkPen.lineWidth = 4;
  inkPen.strokeText(text, from, y);
  inkPen.fillStyle = ground.ink;
  inkPen.fillText(text, from, y);
}

function drawPath() {
  if (!path) return;
  const [reference, second, words, before, query] = ["reference", "second", "words", "before", "query"].map((what) => isShown(what) && pointOf(what));
  if (isShown("hits")) [...path.hits.entries()].reverse().forEach(([at, row]) => {
    sign(atX(map.X[row]), atY(map.Y[row]), String(at + 1), ground.sheet, ground.ink, at < 10 ? 9 : 8);
    ringAt(row, ground.ink, at < 10 ? 9 : 8);
  });
  if (query) {
    inkPen.beginPath();
    inkPen.ellipse(atX(query.x), atY(query.y), query.spread * (wide - 2 * MARGIN) * view.zoom, query.spread * (high - 2 * MARGIN) * view.zoom, 0, 0, 7);
    inkPen.setLineDash([2, 4]);
    inkPen.strokeStyle = ground.ink;
    inkPen.lineWidth = 1.2;
    inkPen.stroke();
    inkPen.setLineDash([]);
    if (words) line(words, query, ground.soft, [5, 4], true);
    if (before) line(before, query, ground.red, [2, 4], true);
    if (second) line(second, query, ground.green, [], true);
    if (reference) line(reference, query, ground.green, [], true);
  }
  if (second) { sign(atX(second.x), atY(second.y), "s", ground.green, ground.sheet); tag(atX(second.x), atY(second.y), "second reference"); }
  if (words) { sign(atX(words.x), atY(words.y), "w", ground.soft, ground.sheet); tag(atX(words.x), atY(words.y), "words alone"); }
  if (before) { sign(atX(before.x), atY(before.y), "b", ground.red, ground.sheet); tag(atX(before.x), atY(before.y), "before " + map.version); }
  if (reference) {
    const x = atX(reference.x), y = atY(reference.y);
    if (portrait?.complete && portrait.naturalWidth) {
      inkPen.save();
      inkPen.beginPath();
      inkPen.roundRect(x - 17, y - 21, 34, 42, 6);
      inkPen.strokeStyle = ground.green;
      inkPen.lineWidth = 5;
      inkPen.stroke();
      inkPen.clip();
      inkPen.drawImage(portrait, x - 21, y - 21, 42, 42 * portrait.naturalHeight / portrait.naturalWidth);
      inkPen.restore();
    } else sign(x, y, "r", ground.green, ground.sheet);
    tag(x + (x > wide - 150 ? -10 : 10), y, "reference");
  }
  if (query) { sign(atX(query.x), atY(query.y), "q", ground.green, ground.sheet, 11); tag(atX(query.x), atY(query.y), "query"); }
  if (isShown("targets")) for (const row of path.targets) {
    sign(atX(map.X[row]), atY(map.Y[row]), "★", ground.ink, ground.sheet, 10);
    tag(atX(map.X[row]), atY(map.Y[row]), "target");
  }
}
