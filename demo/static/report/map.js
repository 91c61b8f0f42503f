// The map: every garment a dot, coloured by an attribute; close by, or where there is room, a picture.
"use strict";
(() => {
  const canvas = part("canvas"), pen = canvas.getContext("2d"), total = catalogue.ids.length;
  const PALETTE = ["#2f7d64", "#c8553d", "#3f6fb5", "#d9a441", "#8a5aa8", "#5aa6a6", "#b5477f", "#7a8b3a", "#e08a6d", "#4a4f8a", "#9a7b56", "#67a3d9"];
  const CLOTH = { black: "#22201e", white: "#f7f5f0", grey: "#9a9a98", beige: "#dcc9a6", brown: "#7d5535", red: "#cf2f34", burgundy: "#6f1f33", pink: "#ee8fb0", orange: "#ec7a2d", yellow: "#f0cb3c", green: "#3f9454", olive: "#76783a", teal: "#1f7c80", turquoise: "#46c2bd", "light-blue": "#9cc7ea", blue: "#2f62c4", navy: "#1f2c54", purple: "#6f3f98", lilac: "#bfa0dc", gold: "#c9a13b", silver: "#c4c7cc", multicolor: "#d05fb5" };
  const OTHER = "#b9b1a3", FEW = 260, MARGIN = 34;
  const view = { zoom: 1, x: 0, y: 0 };
  const images = new Map();
  let width = 0, height = 0, field = null, only = null, words = [], over = -1, chosen = -1, waiting = false, ready = false;
  const matches = new Uint8Array(total).fill(1);
  const said = catalogue.ids.map((id, row) => [id, catalogue.captions[row], ...Object.values(catalogue.fields).map((of) => of.values[of.rows[row]] || "")].join(" ").toLowerCase());
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const atX = (row) => (MARGIN + catalogue.x[row] * (width - 2 * MARGIN) - view.x) * view.zoom;
  const atY = (row) => (MARGIN + catalogue.y[row] * (height - 2 * MARGIN) - view.y) * view.zoom;
  const colourOf = (row) => {
    if (!field) return PALETTE[0];
    const { values, rows } = catalogue.fields[field], number = rows[row];
    if (number < 0) return OTHER;
    return field === "color" ? CLOTH[values[number]] || OTHER : number < PALETTE.length ? PALETTE[number] : OTHER;
  };
  const imageOf = (row) => {
    let image = images.get(row);
    if (!image) {
      image = new Image();
      image.onload = draw;
      image.src = catalogue.pictures[row];
      images.set(row, image);
    }
    return image.complete && image.naturalWidth ? image : null;
  };

  function draw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; paint(); });
  }
  function paint() {
    if (!width) return;
    const ratio = devicePixelRatio || 1;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const seen = [], ghosts = [];
    for (let row = 0; row < total; row++) {
      const x = atX(row), y = atY(row);
      if (x > -60 && y > -60 && x < width + 60 && y < height + 60) (matches[row] ? seen : ghosts).push(row);
    }
    pen.fillStyle = style("--line");
    for (const row of ghosts) disc(atX(row), atY(row), 2.5);
    const wanted = part("pictures").checked || seen.length <= FEW;
    const room = Math.sqrt((width * height) / Math.max(seen.length, 1));
    const size = Math.max(22, Math.min(120, room * (part("pictures").checked ? 0.8 : 0.72)));
    if (chosen >= 0) lines();
    for (const row of seen) {
      const image = wanted ? imageOf(row) : null;
      image ? tile(image, row, size) : dot(row);
    }
    for (const row of [chosen, over]) if (row >= 0) wanted && imageOf(row) ? tile(imageOf(row), row, size * 1.25, 3) : ring(row);
    const hidden = total - seen.length - ghosts.length;
    part("count").textContent = `${plural(seen.length, "garment")}${words.length || only !== null ? " of " + (total - hidden).toLocaleString("en") : ""}${hidden ? " in sight" : ""}`;
  }
  const disc = (x, y, radius) => { pen.beginPath(); pen.arc(x, y, radius, 0, 7); pen.fill(); };
  function dot(row) {
    const radius = Math.min(8, 4.2 + Math.log2(view.zoom)), x = atX(row), y = atY(row);
    pen.fillStyle = colourOf(row);
    disc(x, y, radius);
    pen.strokeStyle = "rgb(0 0 0 / 22%)";
    pen.lineWidth = 0.75;
    pen.stroke();
  }
  function tile(image, row, size, border = size > 40 ? 2 : 1.25) {
    const scale = size / Math.max(image.naturalWidth, image.naturalHeight), w = image.naturalWidth * scale, h = image.naturalHeight * scale;
    const x = atX(row) - w / 2, y = atY(row) - h / 2;
    pen.save();
    pen.beginPath();
    pen.roundRect(x, y, w, h, Math.min(7, size / 8));
    pen.clip();
    pen.drawImage(image, x, y, w, h);
    pen.restore();
    pen.strokeStyle = border > 2 ? style("--ink") : colourOf(row);
    pen.lineWidth = border;
    pen.stroke();
  }
  function ring(row) {
    pen.strokeStyle = style("--ink");
    pen.lineWidth = 2.5;
    pen.beginPath();
    pen.arc(atX(row), atY(row), 9, 0, 7);
    pen.stroke();
  }
  function lines() {
    pen.strokeStyle = style("--green");
    pen.lineWidth = 1.5;
    pen.globalAlpha = 0.7;
    for (const row of catalogue.nearest[chosen]) {
      pen.beginPath();
      pen.moveTo(atX(chosen), atY(chosen));
      pen.lineTo(atX(row), atY(row));
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  const nearest = (x, y, reach) => {
    let best = -1, least = reach * reach;
    for (let row = 0; row < total; row++) {
      if (!matches[row]) continue;
      const far = (atX(row) - x) ** 2 + (atY(row) - y) ** 2;
      if (far < least) { least = far; best = row; }
    }
    return best;
  };
  const zoomAt = (x, y, factor) => {
    const next = Math.max(1, Math.min(60, view.zoom * factor));
    view.x += x / view.zoom - x / next;
    view.y += y / view.zoom - y / next;
    view.zoom = next;
    hold();
    draw();
  };
  const hold = () => {  // the map's edge stays within the sheet
    view.x = Math.max(0, Math.min(width - width / view.zoom, view.x));
    view.y = Math.max(0, Math.min(height - height / view.zoom, view.y));
  };
  const bringIn = (row) => {
    const x = atX(row), y = atY(row);
    if (x > 40 && y > 40 && x < width - 40 && y < height - 40) return;
    view.x += (x - width / 2) / view.zoom;
    view.y += (y - height / 2) / view.zoom;
    hold();
  };
  const choose = (row, told = true) => {
    chosen = row;
    if (row >= 0) bringIn(row);
    describe(row);
    draw();
    if (told && row >= 0) history.replaceState(null, "", `#map=${row}`);
  };

  function describe(row) {
    const side = part("garment");
    side.replaceChildren();
    if (row < 0) {
      side.append(make("p", "empty", "Point at a garment to see it; choose it to see what is most alike."));
      return;
    }
    side.append(photoOf(row), make("h2", "", nameOf(row)), make("p", "id", catalogue.ids[row]));
    const chips = make("ul", "chips");
    for (const of of Object.values(catalogue.fields)) if (of.rows[row] >= 0) chips.append(make("li", "", of.values[of.rows[row]]));
    side.append(chips);
    if (row !== chosen || !catalogue.nearest[row].length) return;
    side.append(make("h3", "", "Most alike in the model's eyes"));
    const alike = make("div", "alike");
    for (const other of catalogue.nearest[row]) {
      const button = make("button");
      button.setAttribute("aria-label", nameOf(other));
      button.append(photoOf(other));
      button.addEventListener("click", () => choose(other));
      alike.append(button);
    }
    side.append(alike);
  }

  function filter() {
    for (let row = 0; row < total; row++)
      matches[row] = words.every((word) => said[row].includes(word)) && (only === null || catalogue.fields[field].rows[row] === only) ? 1 : 0;
    draw();
  }
  function legend() {
    const list = part("legend");
    list.replaceChildren();
    if (!field) return;
    const { values, rows } = catalogue.fields[field];
    values.forEach((value, number) => {
      const button = make("button"), swatch = make("i"), item = make("li");
      swatch.style.background = colourOf(rows.indexOf(number));
      button.append(swatch, make("span", "", value), make("span", "many", String(rows.filter((of) => of === number).length)));
      button.setAttribute("aria-pressed", String(only === number));
      button.addEventListener("click", () => { only = only === number ? null : number; legend(); filter(); });
      item.append(button);
      list.append(item);
    });
  }

  const pointers = new Map();
  let moved = 0, spread = 0;
  const place = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); pointers.set(event.pointerId, place(event)); moved = 0; spread = 0; });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event), before = pointers.get(event.pointerId);
    if (!before) {
      const found = nearest(x, y, 22);
      canvas.classList.toggle("is-over", found >= 0);
      if (found !== over) { over = found; describe(found >= 0 ? found : chosen); draw(); }
      return;
    }
    pointers.set(event.pointerId, [x, y]);
    if (pointers.size === 2) {
      const [[ax, ay], [bx, by]] = [...pointers.values()], now = Math.hypot(ax - bx, ay - by);
      if (spread) zoomAt((ax + bx) / 2, (ay + by) / 2, now / spread);
      spread = now;
      moved = 99;
      return;
    }
    moved += Math.hypot(x - before[0], y - before[1]);
    canvas.classList.add("is-moving");
    view.x -= (x - before[0]) / view.zoom;
    view.y -= (y - before[1]) / view.zoom;
    hold();
    draw();
  });
  const lift = (event) => {
    const [x, y] = place(event), was = pointers.delete(event.pointerId);
    canvas.classList.remove("is-moving");
    if (was && moved < 5 && event.type === "pointerup") choose(nearest(x, y, 26));
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerleave", () => { if (over >= 0) { over = -1; describe(chosen); draw(); } });
  canvas.addEventListener("wheel", (event) => { event.preventDefault(); zoomAt(...place(event), Math.exp(-event.deltaY * 0.0016)); }, { passive: false });
  canvas.addEventListener("dblclick", (event) => zoomAt(...place(event), 2));
  canvas.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (way) walk(...way);
    else if (event.key === "+" || event.key === "=") zoomAt(width / 2, height / 2, 1.5);
    else if (event.key === "-") zoomAt(width / 2, height / 2, 1 / 1.5);
    else return;
    event.preventDefault();
  });
  function walk(dx, dy) {  // to the nearest garment that lies that way
    if (chosen < 0) return choose(nearest(width / 2, height / 2, 1e6));
    let best = -1, least = Infinity;
    for (let row = 0; row < total; row++) {
      const x = atX(row) - atX(chosen), y = atY(row) - atY(chosen), along = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
      if (row !== chosen && matches[row] && along > 0 && along >= aside && along + 2 * aside < least) { least = along + 2 * aside; best = row; }
    }
    if (best >= 0) choose(best);
  }
  part("closer").addEventListener("click", () => zoomAt(width / 2, height / 2, 1.6));
  part("away").addEventListener("click", () => zoomAt(width / 2, height / 2, 1 / 1.6));
  part("whole").addEventListener("click", () => { Object.assign(view, { zoom: 1, x: 0, y: 0 }); draw(); });
  part("pictures").addEventListener("change", draw);
  part("words").addEventListener("input", (event) => { words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean); filter(); });

  for (const name of Object.keys(catalogue.fields)) part("field").append(new Option(name === "color" ? "main colour" : name, name));
  field = part("field").options.length ? part("field").options[0].value : null;
  if (catalogue.fields.category) field = "category";
  if (field) part("field").value = field;
  part("field").closest("label").hidden = !field;
  part("field").addEventListener("change", (event) => { field = event.target.value; only = null; legend(); filter(); });
  const fit = () => {
    const box = canvas.getBoundingClientRect(), ratio = devicePixelRatio || 1;
    [width, height] = [box.width, box.height];
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    hold();
    draw();
  };
  new ResizeObserver(fit).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  legend();
  describe(-1);
  part("trust").textContent = `Neighbours on the map are garments that the model finds alike. Two dimensions cannot show all of it: of a garment's ${catalogue.neighbours} nearest, ${Math.round(100 * catalogue.kept)} % are its nearest here as well. The lines lead from a chosen garment to those that truly are.`;
  listeners.push((seen, row) => {
    if (seen !== "map") return;
    fit();
    if (row !== null && row >= 0 && row < total) {
      if (row !== chosen) { words = []; part("words").value = ""; only = null; legend(); filter(); }
      choose(row, false);
    }
  });
})();
