// The trail: every query that was answered, as its reference and its words; a tap asks it again. It lasts as long as
// the browser's tab, but for photos of one's own, which are gone with a reload.
const part = (name) => element.querySelector(`[data-part="${name}"]`);
const [trail, steps, note] = ["trail", "steps", "note"].map(part);
const KEPT = "hemline-trail", MOST = 30;
let asked = [], here = -1, photo = null, current = "";

function remember() {
  const lasting = asked.filter(({ upload }) => !upload);
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(lasting));
  } catch (error) {
    console.warn(error); // a browser that keeps nothing still shows the trail
  }
}

const sameStep = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const stepOfAnswer = ({ catalogue, reference, upload, change, query, options, second }) => ({
  catalogue, reference, change, text: query.text, options, second,
  upload: upload && photo?.path === upload ? { path: photo.path, address: photo.address, title: photo.title } : null,
});

function go(step) {
  if (step.catalogue !== current) tell("catalogues", { choose: step.catalogue });
  tell("options", { options: step.options, second: step.second });
  if (step.upload) tell("photo-again", step.upload);
  else tell("use", { garment: step.reference });
  tell("change", { text: step.change });
}

function itemOf(step, place) {
  const item = make("li", "step-item"), words = step.text || "most like it";
  const garment = step.reference || (step.upload && { card: step.upload.address, caption: step.upload.title });
  const button = makeButton("step", "", `Step ${place + 1}: ${garment ? nameOf(garment) + ", " : ""}${words}`);
  button.title = words;
  button.append(garment ? makePhoto(garment.card, "", true) : make("span", "photo is-words", "“ ”"), make("span", "step-words", words));
  if (place === here) button.setAttribute("aria-current", "step");
  button.addEventListener("click", () => go(step));
  item.append(button);
  return item;
}

function draw() {
  trail.hidden = !asked.length && !note.textContent;
  steps.replaceChildren(...asked.map(itemOf));
  part("copy").hidden = part("clear").hidden = !asked.length;
  part("copy").disabled = here < 0;
  const at = steps.children[here];
  if (at) steps.scrollLeft = at.offsetLeft - steps.offsetLeft - 60;
}

function say(text) {
  note.textContent = text;
  trail.hidden = !asked.length && !text;
}

hear("photo", (kept) => (photo = kept));
hear("catalogue", ({ name }) => {
  current = name;
  here = -1;
  draw();
});
hear("answered", ({ answer }) => {
  const step = stepOfAnswer(answer);
  here = asked.findIndex((one) => sameStep(one, step));
  if (here < 0) {
    // the same query with other options is a step on from itself, not another one
    const last = asked.at(-1), onward = last && sameStep({ ...last, options: 0, second: 0, text: 0 }, { ...step, options: 0, second: 0, text: 0 });
    asked = [...(onward ? asked.slice(0, -1) : asked), step].slice(-MOST);
    here = asked.length - 1;
  }
  say("");
  draw();
  remember();
});
part("clear").addEventListener("click", () => {
  asked = [];
  here = -1;
  draw();
  remember();
});
part("copy").addEventListener("click", async () => {
  const { link, problem } = linkOf(asked[here]);
  if (problem) return say(problem);
  try {
    await navigator.clipboard.writeText(link);
    say("Copied. The link asks this query again.");
  } catch {
    const field = make("input", "field");
    field.readOnly = true;
    field.value = link;
    field.setAttribute("aria-label", "The link, to copy");
    say("The link, to copy:");
    note.append(field);
    field.select();
  }
});
try {
  asked = JSON.parse(sessionStorage.getItem(KEPT) || "[]");
} catch {
  asked = [];
}
draw();
openLink();
