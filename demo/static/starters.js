// Before the first search: a few composed queries to try with one tap.
const part = (name) => element.querySelector(`[data-part="${name}"]`);

function starterOf(garment, place) {
  const words = props.examples[garment.category] || props.examples.any;
  const text = words[place % words.length];
  const starter = makeButton("starter", "", `${nameOf(garment)}: ${text}`);
  const wide = matchMedia("(min-width: 1440px)").matches; // the card's photo would be blown up
  starter.append(makePhoto(wide ? garment.view : garment.card, "", true), make("span", "starter-words", text));
  starter.addEventListener("click", () => {
    tell("use", { garment });
    tell("change", { text });
  });
  return starter;
}

// one of each category first, so that the first look shows how varied the catalogue is
function varied(garments, wanted) {
  const seen = new Set();
  const first = garments.filter(({ category }) => !seen.has(category) && seen.add(category));
  return [...first, ...garments.filter((garment) => !first.includes(garment))].slice(0, wanted);
}

const fill = (catalogue) =>
  server.browse({ catalogue, seed: 1 + Math.floor(Math.random() * 1e9) }).then(
    (page) => part("row").replaceChildren(...varied(page.garments, 6).map(starterOf)),
    (error) => console.warn(error),
  );
fill("");
hear("catalogue", ({ name }) => {
  part("starters").hidden = false;
  fill(name);
});
hear("searching", () => (part("starters").hidden = true));
