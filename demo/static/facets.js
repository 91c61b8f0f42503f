// Filters by what is on record: one list of all values with how many garments have each, and chips to take off.
const FIELDS = {
  category: "Category", kind: "Kind", colors: "Main colour", pattern: "Pattern", sleeve: "Sleeves",
  neckline: "Neckline", length: "Length", fit: "Fit", details: "Details",
};
const SAID = { "category toptee": "tops", "sleeve none": "sleeveless", "pattern solid": "plain", "fit regular": "regular" };
const sayValue = (field, value) => SAID[`${field} ${value}`] || value.replaceAll("-", " ");
const sayFilter = (field, value) => `${FIELDS[field]}: ${sayValue(field, value)}`;

// `select` becomes a list of facets ({field: [[value, count]]}); picking one calls act(field, value).
function fillFacets(select, facets, chosen, title) {
  const first = make("option", "", title);
  first.value = "";
  select.replaceChildren(first, ...Object.keys(FIELDS).filter((field) => facets[field]).map((field) => {
    const group = make("optgroup");
    group.label = FIELDS[field];
    group.append(...facets[field].filter(([value]) => !(chosen[field] || []).includes(value)).map(([value, count]) => {
      const option = make("option", "", `${sayValue(field, value)} (${count.toLocaleString("en")})`);
      option.value = `${field} ${value}`;
      return option;
    }));
    return group;
  }));
  select.hidden = select.children.length < 2;
}
const onFacet = (select, act) => select.addEventListener("change", () => {
  const [field, ...value] = select.value.split(" ");
  select.value = "";
  if (value.length) act(field, value.join(" "));
});
const withValue = (filters, field, value) => ({ ...filters, [field]: [...(filters[field] || []), value] });
function withoutValue(filters, field, value) {
  const { [field]: values, ...others } = filters, left = values.filter((one) => one !== value);
  return left.length ? { ...others, [field]: left } : others;
}
function makeTag(text, remove) {
  const tag = makeButton("tag", text, `${text}: remove`);
  tag.append(make("span", "tag-cross", "×"));
  tag.addEventListener("click", remove);
  return tag;
}
const filterTags = (filters, set) => Object.entries(filters).flatMap(([field, values]) =>
  values.map((value) => makeTag(sayFilter(field, value), () => set(withoutValue(filters, field, value)))));
