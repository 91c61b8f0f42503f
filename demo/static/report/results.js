// The results: a table for each set of results that may be compared.
"use strict";
(() => {
  const place = part("results"), LEADING = "R@10";
  const cell = (row, column, best) => {
    const node = make("td", row.values[column] !== null && row.values[column] === best ? "best" : "", percent(row.values[column]));
    const told = row.spread[column] !== null ? ` ± ${percent(row.spread[column])}` : row.low[column] !== null ? ` ${percent(row.low[column], 0)}–${percent(row.high[column], 0)}` : "";
    if (told) node.append(make("small", "", told));
    return node;
  };
  const gauge = (row, column) => {
    const node = make("td", "gauge"), track = make("span"), bar = make("i");
    bar.style.width = `${row.values[column] || 0}%`;
    track.append(bar);
    if (row.low[column] !== null) {
      const whisker = make("b");
      whisker.style.left = `${row.low[column]}%`;
      whisker.style.width = `${row.high[column] - row.low[column]}%`;
      track.append(whisker);
    }
    node.append(track);
    return node;
  };
  for (const table of results) {
    const box = make("div", "table"), grid = make("table"), head = make("tr"), leading = Math.max(0, table.columns.indexOf(LEADING));
    const { protocol } = table;
    box.append(make("h2", "", `${protocol.name} · ${table.split}`));
    box.append(make("p", "about", `${plural(table.queries, "query")} over ${plural(table.gallery, "photo")}${table.partial ? ", some lacking" : ""}; gallery ${protocol.gallery}, reference ${protocol.reference}, captions joined by “${protocol.caption_join}”, ${protocol.average} average. In percent; with ± the deviation over seeds, else the 95 % interval.`));
    head.append(make("th", "", "model"), ...table.columns.map((name) => make("th", "", name)), make("th", "gauge", table.columns[leading]));
    const top = make("thead"), body = make("tbody");
    top.append(head);
    const best = table.columns.map((_, column) => (table.rows.length > 1 ? Math.max(...table.rows.map((row) => row.values[column] ?? -1)) : null));
    for (const row of table.rows) {
      const line = make("tr"), name = make("td", "", row.name);
      const asked = { both: "", image: "picture alone", text: "words alone" }[row.modality] ?? row.modality;
      const more = [asked, row.seeds > 1 ? `${row.seeds} seeds` : ""].filter(Boolean).join(", ");
      if (more) name.append(make("span", "modality", more));
      line.append(name, ...table.columns.map((_, column) => cell(row, column, best[column])), gauge(row, leading));
      body.append(line);
    }
    grid.append(top, body);
    box.append(grid);
    place.append(box);
  }
  if (!results.length) place.append(make("p", "empty", "This report was made without results."));
})();
