// What came of bringing photos (props.value: an answer of demo.own.bring), and one's own catalogues, with removing.
// 'discarded' carries what is to be removed; demo.own.take_out answers in props.reply under the same turn.
const part = (name) => element.querySelector(`[data-part="${name}"]`);
const [result, list] = ["result", "list"].map(part);
const number = (count) => count.toLocaleString("en");
const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
let turn = 0, open = "", waiting = new Map();

function say(text, kind = "") {
  result.replaceChildren(make("p", kind || "own-said", text));
}

function table(heads, rows, label) {
  const whole = make("table", "own-table"), head = make("tr"), body = make("tbody");
  whole.setAttribute("aria-label", label);
  head.append(...heads.map((text) => make("th", "", text)));
  body.append(head, ...rows.map((cells) => {
    const row = make("tr");
    row.append(...cells.map((text) => make("td", "", String(text))));
    return row;
  }));
  whole.append(body);
  return whole;
}

function folded(title, inner) {
  const details = make("details", "own-more");
  details.append(make("summary", "", title), inner);
  return details;
}

function report(answer) {
  if (answer.problem) return say(`Not added: ${answer.problem}.`, "problem");
  const refused = Object.values(answer.reasons).reduce((sum, count) => sum + count, 0);
  const facts = [`${plural(answer.added, "photo")} added`];
  if (answer.already) facts.push(`${number(answer.already)} already there`);
  if (answer.changed) facts.push(`${number(answer.changed)} described anew`);
  facts.push(`${number(refused)} refused`);
  say(`${answer.catalogue}: ${facts.join(", ")}. ${plural(answer.count, "garment")} now, in ${answer.seconds} s.`);
  if (refused) {
    result.append(table(["Refused because", "Photos"], Object.entries(answer.reasons), "Refusals by reason"));
    const rows = answer.refused.map(({ name, reason }) => [name, reason]);
    if (refused > rows.length) rows.push([`… and ${number(refused - rows.length)} more`, ""]);
    result.append(folded("Which ones", table(["File or row", "Reason"], rows, "Refused photos and rows")));
  }
  if (answer.unknown.length) {
    const rows = answer.unknown.map(([field, value, count]) => [field, value, count]);
    result.append(folded("Values kept out: not in the vocabulary", table(["Column", "Value", "Rows"], rows, "Values kept out")));
  }
  if (answer.unused.length) result.append(make("p", "answers-note", `Columns that say nothing here: ${answer.unused.join(", ")}.`));
}

// Two taps: the first one asks, the second one does.
function asking(button, question, act) {
  button.addEventListener("click", () => {
    const row = make("span", "own-sure");
    const yes = makeButton("quiet own-yes", "Remove"), no = makeButton("quiet", "Keep");
    row.append(make("span", "", question), yes, no);
    no.addEventListener("click", () => row.replaceWith(button));
    yes.addEventListener("click", () => {
      row.replaceChildren(make("span", "", "Removing …"));
      act();
    });
    button.replaceWith(row);
    no.focus();
  });
}

function discard(catalogue, ids) {
  turn += 1;
  waiting.set(turn, catalogue);
  trigger("discarded", { turn, catalogue, ids });
}

async function garments(catalogue, box, start = 0) {
  const page = await server.browse({ catalogue, start });
  if (page.catalogue !== catalogue) return refresh();
  for (const garment of page.garments) {
    const item = make("div", "own-garment");
    const button = makeButton("quiet", "Remove", `Remove ${nameOf(garment)}`);
    asking(button, "Sure?", () => discard(catalogue, [garment.id]));
    item.dataset.id = garment.id;
    const words = make("span", "own-words", nameOf(garment));
    words.title = nameOf(garment);
    item.append(makePhoto(garment.card, ""), words, button);
    box.append(item);
  }
  const next = start + page.garments.length;
  if (next < page.total) {
    const more = makeButton("quiet", `Show more (${number(page.total - next)} left)`);
    more.addEventListener("click", () => (more.remove(), garments(catalogue, box, next)));
    box.append(more);
  }
}

async function refresh() {
  const { catalogues } = await server.browse({});
  const own = catalogues.filter(({ own }) => own);
  list.replaceChildren(...(own.length ? [make("h3", "own-title", "Your catalogues")] : []), ...own.map((catalogue) => {
    const { name } = catalogue;
    const block = make("div", "own-catalogue"), row = make("div", "own-line"), acts = make("div", "own-acts");
    const words = make("div", "own-words");
    block.dataset.name = name;
    words.append(make("strong", "", name), ` · ${plural(catalogue.garments, "garment")}`);
    const look = makeButton("quiet", open === name ? "Hide" : "Garments", `Garments of ${name}`);
    look.addEventListener("click", () => ((open = open === name ? "" : name), refresh()));
    const remove = makeButton("quiet", "Remove all", `Remove the catalogue ${name}`);
    asking(remove, "All of it?", () => discard(name, null));
    acts.append(look, remove);
    row.append(words, acts);
    block.append(row);
    if (open === name) {
      const box = make("div", "own-garments");
      block.append(box);
      garments(name, box).catch(console.warn);
    }
    return block;
  }));
}

function hearReply() {
  const reply = props.reply;
  if (!reply || !waiting.delete(reply.turn)) return;
  if (reply.problem) say(`Not removed: ${reply.problem}.`, "problem");
  else say(`${reply.catalogue}: ${plural(reply.removed, "garment")} removed, ${number(reply.count)} left.`);
  refresh();
  tell("catalogues", {});
}

watch("value", () => {
  if (!props.value) return;
  report(props.value);
  refresh();
  if (!props.value.problem) tell("catalogues", { choose: props.value.catalogue });
});
watch("reply", hearReply);
hear("bringing", () => result.replaceChildren());
hear("bring-lost", () => {
  waiting.clear();
  say("The app did not answer. If it is still running, look at the catalogue and try again.", "problem");
  refresh();
});
hear("own", () => refresh().catch(() => say("The app does not answer. Is it still running?", "problem")));
