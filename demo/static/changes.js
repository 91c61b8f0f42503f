// Changes to tap: made from the reference's attributes where they are on record (server.suggest), else examples
// that fit its category. props.value is {text, turn}: turn makes tapping the same words twice count as a change.
const row = element.querySelector('[data-part="changes"]');
let turn = 0, shown = 0;

function take(text) {
  turn += 1;
  props.value = { text, turn };
}

function offer(words) {
  row.replaceChildren(...words.map((text) => {
    const chip = makeButton("chip", text);
    chip.addEventListener("click", () => take(text));
    return chip;
  }));
}

async function show(garment) {
  const mine = (shown += 1);
  const made = garment ? await server.suggest({ catalogue: garment.catalogue, id: garment.id }).catch(() => []) : [];
  if (mine === shown) offer(made.length ? made : props.examples[garment?.category] || props.examples.any);
}

hear("change", ({ text }) => take(text));
hear("reference", ({ garment }) => show(garment));
offer(props.examples.any);
