// The Errors tab: server.errors gives a page of queries and the figures of all that fit; 'acted' lets a run answer.
const part = (name) => element.querySelector(`[data-part="${name}"]`);
const [runsLine, problem, needs, whole, measures, controls, countLine, acts, frame, pager] =
  ["runs", "problem", "needs", "whole", "measures", "controls", "count", "acts", "frame", "pager"].map(part);
const PAGE = 50, SOON = 1500; // queries a page; ms between two looks at a run that is being made
const RANKS = [["", "any"], ["1-1", "first"], ["2-", "not first"], ["2-10", "2 to 10"], ["11-", "not in ten"], ["11-50", "11 to 50"], ["51-", "beyond 50"]];
const ORDERS = [["rank-", "worst rank first"], ["rank", "best rank first"], ["margin", "lowest margin first"], ["margin-", "highest margin first"], ["file", "as on file"]];
const FACETS = [["kind", "Kind of change"], ["category", "Category"], ["length", "Words in the text"], ["tag", "What went wrong"]];
const order = { by: "rank", down: true };
let wanted = {}, run = "", against = "", catalogue = catalogueNow(), start = 0, asked = 0, showing = false, seen = null, timer = 0, turn = 0;

const wish = () => {
  const [low, high] = (wanted.ranks || "-").split("-").map((end) => (end ? Number(end) : null));
  const labels = Object.fromEntries(FACETS.map(([name]) => [name, wanted[name] ? [wanted[name]] : []]));
  return { catalogue, run, against, words: wanted.words || "", ...labels, low, high, ...order, start: start + 1 };
};

function complain(text) {
  problem.textContent = text || "";
  problem.hidden = !text;
}

async function look() {
  clearTimeout(timer);
  const mine = ++asked;
  frame.setAttribute("aria-busy", "true");
  let page;
  try {
    page = await server.errors(wish());
  } catch (error) {
    console.warn(error);
    return void (mine === asked && complain("The queries cannot be read. Is the app still running?"));
  }
  if (mine !== asked) return; // a newer question is on its way
  frame.removeAttribute("aria-busy");
  complain(page.problem);
  if (page.runs) showRuns(page);
  needs.replaceChildren();
  whole.hidden = Boolean(page.problem || page.needs);
  if (page.problem) return;
  if (page.needs) {
    const label = page.runs.find(({ name }) => name === page.needs)?.label || page.needs;
    needs.append(makeNeeds(page, label, () => trigger("acted", { turn: ++turn, catalogue, run: page.needs })));
    if (page.job && !page.job.problem && element.offsetParent) timer = setTimeout(look, SOON);
    return;
  }
  seen = page;
  draw(page);
}

function again() {
  start = 0;
  return look();
}

function showRuns({ runs, run: now, against: other }) {
  run = now;
  const grouped = (select, first) => {
    const groups = [...new Set(runs.map(({ group }) => group))].map((group) => {
      const box = make("optgroup");
      box.label = group;
      box.append(...runs.filter((item) => item.group === group).map(({ name, label, ready }) => {
        const option = make("option", "", ready ? label : `${label} (not answered yet)`);
        option.value = name;
        return option;
      }));
      return box;
    });
    select.replaceChildren(...first, ...groups);
  };
  if (!runsLine.children.length) {
    runsLine.append(
      makeChoice("Run", [], (name) => { run = name; again(); }),
      makeChoice("Against", [], (name) => {
        against = name;
        [order.by, order.down] = name ? ["change", false] : ["rank", true];
        again();
      }),
    );
  }
  const [one, two] = runsLine.querySelectorAll("select"), none = make("option", "", "nothing");
  none.value = "";
  const listed = (name) => runs.some((item) => item.name === name);
  for (const name of [now, other]) if (name && !listed(name)) runs.push({ name, label: name, group: "On file", ready: true });
  grouped(one, []);
  grouped(two, [none]);
  one.value = now;
  two.value = other;
}

function measureOf(name, share, gain) {
  const box = make("div", "measure"), isRank = name === "median rank";
  const plain = isRank && [share.percent, share.low, share.high].every(Number.isInteger);
  const shown = share.percent.toFixed(plain ? 0 : 1);
  box.append(make("span", "measure-name", name), make("span", "measure-value", isRank ? shown : `${shown} %`));
  if (!isRank) box.append(makeInterval({ mean: share.percent, low: share.low, high: share.high }, `${name} ${shown} %`));
  box.append(make("span", "measure-ends", ends(share, plain ? 0 : 1)));
  if (gain) {
    const clear = gain.low > 0 || gain.high < 0 ? (gain.difference > 0 ? " is-better" : " is-worse") : "";
    box.append(make("span", "measure-gain" + clear, `${signed(gain.difference)} (${signed(gain.low)} to ${signed(gain.high)})`));
  }
  return box;
}

function showMeasures({ figures, contrast }) {
  measures.replaceChildren(...Object.entries(figures).map(([name, share]) => measureOf(name, share, contrast?.gain[name])));
  if (!contrast) return;
  const box = make("div", "measure");
  box.append(
    make("span", "measure-name", "against the other run"),
    make("span", "measure-value", `${number(contrast.better)} : ${number(contrast.worse)}`),
    make("span", "measure-ends", `better : worse, ${number(contrast.same)} the same`),
  );
  measures.append(box);
}

function showControls({ facets }) {
  const words = (name) => (label) => (name === "length" ? label.replaceAll(/\b0/g, "") : label);
  const pairs = ([name, title]) => {
    const some = Object.entries(facets[name]);
    if (name === "length") some.sort();
    return [name, title, [["", some.length ? "any" : "not known here"], ...some.map(([label, many]) => [label, `${words(name)(label)} (${number(many)})`])]];
  };
  if (!controls.children.length) {
    controls.append(makeField("Words", "stripes, sleeve …", (text) => { wanted.words = text; again(); }));
    for (const [name, title] of [...FACETS, ["ranks", "Rank of the target"]]) {
      const choice = makeChoice(title, RANKS, (value) => { wanted[name] = value; again(); });
      choice.dataset.control = name;
      controls.append(choice);
    }
    const sorts = makeChoice("Sorted", ORDERS, (value) => {
      [order.by, order.down] = [value.replace("-", ""), value.endsWith("-")];
      again();
    }, "rank-");
    sorts.dataset.control = "order";
    controls.append(sorts);
    const clear = makeButton("quiet errors-clear", "Clear");
    clear.addEventListener("click", () => {
      wanted = {};
      controls.querySelector("input").value = "";
      for (const select of controls.querySelectorAll("label:not([data-control=order]) select")) select.value = "";
      again();
    });
    controls.append(clear);
  }
  for (const [name, , some] of FACETS.map(pairs)) {
    const select = controls.querySelector(`[data-control="${name}"] select`);
    setChoices(select, some, some.some(([value]) => value === wanted[name]) ? wanted[name] : "");
  }
}

function pictureOf(garments, id, words) {
  const garment = garments[id];
  if (!garment) return make("span", "error-id", id);
  const photo = makePhoto(garment.card, `${words}: ${nameOf(garment)}`);
  photo.title = nameOf(garment);
  return photo;
}

function rowOf(line, { garments, against: other }) {
  const row = make("tr", "error"), said = make("div", "error-said"), told = make("span", "error-small");
  row.dataset.key = line.key;
  said.append(make("p", "error-words", line.text));
  const notes = make("p", "error-notes");
  notes.append(...line.tags.map((tag) => make("span", "error-tag", tag)), make("span", "", [line.category, ...line.kinds].join(" · ")));
  said.append(notes);
  const cell = (kind, ...nodes) => {
    const box = make("td", kind), inner = make("div", "error-pair");
    inner.append(...nodes);
    box.append(inner);
    return box;
  };
  const faults = [line.unmet.length && `not as asked: ${line.unmet.join(", ")}`, line.lost.length && `changed too: ${line.lost.join(", ")}`];
  told.textContent = [line.rank === 1 && "the target", ...faults].filter(Boolean).join("; ");
  const first = line.rank === 1 ? [told] : [pictureOf(garments, line.top, "First hit"), told];
  row.append(
    cell("error-asked", pictureOf(garments, line.reference, "Reference"), said),
    cell("error-target", pictureOf(garments, line.target, "Target"), make("span", "error-rank", number(line.rank))),
    cell("error-top", ...first),
    make("td", "error-number", line.margin === null ? "–" : signed(line.margin, 3)),
  );
  if (other) {
    const moved = line.other_rank - line.rank, way = moved > 0 ? " is-better" : moved < 0 ? " is-worse" : "";
    row.append(make("td", "error-number" + way, `${number(line.other_rank)} → ${number(line.rank)}`));
  }
  const last = make("td", "error-act");
  if (garments[line.reference]) {
    const button = makeButton("quiet", "Open in Search", `Open in Search: ${line.text}`);
    button.addEventListener("click", () => openSearch(garments[line.reference], line.text));
    last.append(button);
  }
  row.append(last);
  return row;
}

function draw(page) {
  showMeasures(page);
  showControls(page);
  const { total, all, lines } = page;
  countLine.textContent = `${number(total)} of ${count(all, "query", "queries")}, over ${count(page.gallery, "garment")}`;
  const table = make("table", "board error-board"), head = make("tr"), top = make("thead"), body = make("tbody");
  const sort = () => again().then(() => frame.querySelector('[aria-sort$="ending"] button')?.focus());
  head.append(
    makeHead("Asked", "file", order, sort, false), makeHead("Target", "rank", order, sort), makeHead("First hit"),
    makeHead("Margin", "margin", order, sort, false),
  );
  if (page.against) head.append(makeHead("Other → this", "change", order, sort, false));
  head.append(makeHead(""));
  top.append(head);
  body.append(...lines.map((line) => rowOf(line, page)));
  table.append(top, body);
  frame.replaceChildren(lines.length ? table : make("p", "desk-empty", "No query fits. Take a filter away."));
  pager.replaceChildren();
  if (total > PAGE) {
    const [back, on] = [["Previous 50", -PAGE], ["Next 50", PAGE]].map(([words, step]) => {
      const button = makeButton("quiet", words);
      button.disabled = start + step < 0 || start + step >= total;
      button.addEventListener("click", () => {
        start += step;
        look().then(() => whole.scrollIntoView({ block: "start" }));
      });
      return button;
    });
    pager.append(back, make("span", "desk-count", `${number(start + 1)} to ${number(start + lines.length)}`), on);
  }
}

for (const format of ["csv", "json"]) {
  const button = makeButton("quiet", `Export ${format.toUpperCase()}`);
  button.addEventListener("click", async () => {
    const file = await server.errors_file({ ...wish(), format }).catch(() => ({ problem: "Not exported: the app did not answer." }));
    complain(file.problem);
    if (file.problem) return;
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([file.text], { type: file.type }));
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  });
  acts.append(button);
}
watch("reply", () => {
  complain(props.reply?.problem);
  look();
});
function shown() { // from another tab: a run, or two to compare
  const wantedRun = window.hemlineErrors;
  if (!wantedRun) return false;
  delete window.hemlineErrors;
  ({ run, against } = wantedRun);
  [order.by, order.down] = against ? ["change", false] : ["rank", true];
  again();
  return true;
}
hear("errors-open", () => {
  showing = true;
  if (!shown() && !seen) look();
});
hear("errors-show", shown);
hear("errors-lost", () => complain("Not begun: the app did not answer."));
hear("catalogue", ({ name }) => {
  [catalogue, run, against, seen] = [name, "", "", null];
  if (showing && element.offsetParent) again();
});
