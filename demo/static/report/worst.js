// The hardest queries: what was asked, what was meant, and what the model answered instead.
"use strict";
(() => {
  const place = part("worst"), bar = make("div", "bar"), list = make("div"), note = make("p", "note");
  if (!worst.length) {
    place.append(make("p", "empty", "No result of this report was evaluated on this catalogue's garments."));
    return;
  }
  const chooser = make("select"), kinds = make("select"), words = make("input");
  worst.forEach((gallery, number) => chooser.append(new Option(gallery.name, String(number))));
  words.type = "search";
  words.placeholder = "words of the query";
  const labelled = (text, control, classes = "") => { const label = make("label", classes, text); label.append(control); return label; };
  bar.append(labelled("Result ", chooser), labelled("Category ", kinds), labelled("Find ", words, "grow"));
  place.append(bar, note, list);

  const figure = (row, label, extra = "", classes = "") => {
    const node = make("figure", classes), link = make("a"), words = make("figcaption");
    link.href = `#map=${row}`;
    link.title = nameOf(row);
    link.append(photoOf(row));
    words.append(make("span", "", label));
    if (extra) words.append(make("span", "rank", extra));
    node.append(link, words);
    return node;
  };
  const card = (query) => {
    const box = make("article", "query"), asked = make("div", "asked"), answered = make("div", "answered"), hits = make("div", "hits");
    box.append(make("blockquote", "", query.text ? `“${query.text}”` : "the picture alone"));
    asked.append(make("h3", "", "Asked"), figure(query.reference, "reference"), figure(query.target, "meant", `rank ${query.rank.toLocaleString("en")}`, "is-target"));
    const chips = make("ul", "chips");
    for (const name of query.unmet) chips.append(make("li", "bad", `not met: ${name}`));
    for (const name of query.lost) chips.append(make("li", "", `changed: ${name}`));
    if (chips.children.length) asked.append(chips);
    query.hits.forEach((row, place) => hits.append(figure(row, String(place + 1), "", row === query.target ? "is-target" : "")));
    answered.append(make("h3", "", query.hits.length > 1 ? "What the model put first" : "What it put first"), hits);
    box.append(asked, answered);
    return box;
  };
  const fill = () => {
    const gallery = worst[Number(chooser.value)], wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = gallery.worst.filter((query) => (!kinds.value || query.category === kinds.value) && wanted.every((word) => query.text.toLowerCase().includes(word)));
    note.textContent = `${plural(fits.length, "query")} of the ${gallery.worst.length} answered worst, out of ${plural(gallery.queries, "query")} over ${plural(gallery.gallery, "photo")}. That the garment meant comes late is not always a mistake: look at what came before it.`;
    list.replaceChildren(...fits.map(card));
    if (!fits.length) list.append(make("p", "empty", "None of them fits."));
  };
  const pick = () => {
    kinds.replaceChildren(new Option("all", ""));
    for (const name of [...new Set(worst[Number(chooser.value)].worst.map((query) => query.category))].sort()) kinds.append(new Option(name, name));
    fill();
  };
  chooser.addEventListener("change", pick);
  kinds.addEventListener("change", fill);
  words.addEventListener("input", fill);
  pick();
})();
