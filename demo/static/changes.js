// Example changes to tap, fitting the category of the chosen reference where it is known.
// props.value is {text, turn}: turn makes tapping the same words twice count as a change.
const row = element.querySelector('[data-part="changes"]');
let turn = 0;

function take(text) {
  turn += 1;
  props.value = { text, turn };
}

function show(category) {
  const words = props.examples[category] || props.examples.any;
  row.replaceChildren(...words.map((text) => {
    const chip = makeButton("chip", text);
    chip.addEventListener("click", () => take(text));
    return chip;
  }));
}

hear("change", ({ text }) => take(text));
hear("reference", ({ garment }) => show((garment && garment.category) || "any"));
show("any");
