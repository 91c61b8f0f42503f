// Shared by the report's parts, and which of them is seen. Words from data go through textContent alone.
"use strict";
const { catalogue, results, worst } = window.REPORT;
const part = (id) => document.getElementById(id);
const make = (tag, classes = "", text = "") => {
  const node = document.createElement(tag);
  if (classes) node.className = classes;
  if (text !== "") node.textContent = text;
  return node;
};
const nameOf = (row) => catalogue.captions[row] || catalogue.ids[row];
const photoOf = (row) => {
  const frame = make("span", "photo"), image = make("img");
  image.loading = "lazy";
  image.decoding = "async";
  image.alt = nameOf(row);
  image.src = catalogue.pictures[row];
  frame.append(image);
  return frame;
};
const plural = (count, noun) => `${count.toLocaleString("en")} ${count === 1 ? noun : noun.replace(/y$/, "ie") + "s"}`;
const percent = (value, digits = 1) => (value === null ? "–" : value.toFixed(digits));

document.title = catalogue.title;
part("title").textContent = catalogue.title;
part("facts").textContent = plural(catalogue.ids.length, "garment");

// The address says which part is seen: #map, #map=12 (that garment chosen), #results, #worst.
const views = ["map", "results", "worst"];
const listeners = [];
const show = () => {
  const [name, row] = location.hash.slice(1).split("=");
  const view = views.includes(name) ? name : "map";
  for (const id of views) part(id).hidden = id !== view;
  for (const link of document.querySelectorAll("nav a"))
    link.dataset.view === view ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  for (const listener of listeners) listener(view, row === undefined ? null : Number(row));
};
window.addEventListener("hashchange", show);
window.addEventListener("DOMContentLoaded", show);
