// How far people agree, measured when asked for: server.agreement answers what core.agreement says.
const part = (name) => element.querySelector(`[data-part="${name}"]`);
const told = part("told");
const number = (value, digits) => (value === null ? "–" : value.toFixed(digits).replace("-", "−"));

function measured({ value, low, high }, digits) {
  const cell = make("td", "", number(value, digits));
  if (low !== null) cell.append(make("small", "", `${number(low, digits)} to ${number(high, digits)}`));
  return cell;
}

function table(title, heads, rows) {
  const box = make("table", "figures"), head = make("tr");
  box.append(make("caption", "", title));
  head.append(...heads.map((text) => {
    const cell = make(text ? "th" : "td", "", text); // the corner heads nothing
    if (text) cell.scope = "col";
    return cell;
  }));
  box.append(head, ...rows.map(([name, count, first, second]) => {
    const row = make("tr"), cell = make("th", "", name);
    cell.scope = "row";
    row.append(cell, make("td", "", String(count)), measured(first, 0), measured(second, 2));
    return row;
  }));
  return box;
}

function show({ overall, verdicts, annotators, pairs }) {
  if (!overall.units) {
    const words = "Nothing was judged by two people yet. Give a second look to what others judged; then this says how far you agree.";
    return told.replaceChildren(make("p", "agreement-note", words));
  }
  const people = Object.entries(annotators).map(([name, of]) => [name, of.units, of.percent, of.kappa]);
  const both = pairs.map(({ annotators: two, units, percent, kappa }) => [two.join(" and "), units, percent, kappa]);
  told.replaceChildren(
    table("In all", ["", "items", "percent", "alpha"], [["everybody", overall.units, overall.percent, overall.alpha]]),
    table("By verdict", ["", "given", "percent", "alpha"], Object.entries(verdicts).map(([name, of]) => [name, of.opinions, of.percent, of.alpha])),
    table("By person, against the others", ["", "items", "percent", "kappa"], people),
    ...(both.length > 1 ? [table("Two by two", ["", "items", "percent", "kappa"], both)] : []),
    make("p", "agreement-note", "Krippendorff’s alpha and Cohen’s kappa: 1 is full agreement, 0 is chance. Small figures: 95 % intervals, by resampling items; – where there is too little to say."),
  );
}

async function measure() {
  part("measure").disabled = true;
  told.replaceChildren(make("p", "agreement-note", "Measuring …"));
  try {
    show(await server.agreement({ roles: part("roles").checked, blind: part("blind").checked }));
  } catch (error) {
    console.warn(error);
    told.replaceChildren(make("p", "problem", "It could not be measured. Is the app still running?"));
  }
  part("measure").disabled = false;
}
part("measure").addEventListener("click", measure);
for (const name of ["roles", "blind"]) part(name).addEventListener("change", measure);
