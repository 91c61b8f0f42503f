// The reference: chosen on the shelf or from a card, uploaded, dropped or pasted.
// props.value is null, {reference_id, catalogue} or {upload: path on the server}.
const part = (name) => element.querySelector(`[data-part="${name}"]`);
const [chosen, file, camera] = ["chosen", "file", "camera"].map(part);
let turn = 0;

function uploadButton(text) {
  const button = makeButton("quiet", text, "Upload a photo as the reference");
  button.addEventListener("click", () => file.click());
  return button;
}
// On phones; elsewhere `capture` means nothing and the button is not shown.
function cameraButton() {
  const button = makeButton("quiet camera", "Take a photo", "Take a photo as the reference");
  button.addEventListener("click", () => camera.click());
  return button;
}

function show(photo, note, title) {
  chosen.classList.toggle("is-empty", !photo);
  const words = make("div", "chosen-words");
  words.append(make("p", "eyebrow", note), make("p", "chosen-title", title));
  const acts = make("div", "chosen-acts");
  if (photo) {
    const clear = makeButton("quiet", "Remove", "Remove the reference");
    clear.addEventListener("click", () => choose(null));
    acts.append(clear, uploadButton("Upload another"), cameraButton());
  } else acts.append(uploadButton("Upload a photo"), cameraButton());
  words.append(acts);
  chosen.replaceChildren(photo || make("span", "photo is-blank"), words);
  if (props.value && props.value.upload) chosen.append(consentOf(title));
  if (props.value && props.captions) chosen.append(seeing());
}

// Nobody's photo is kept unless they say so: the judgement then stands without its picture.
function consentOf(title) {
  const label = make("label", "consent"), box = make("input"), words = make("span");
  box.type = "checkbox";
  words.append(
    "Keep this photo with my judgements so that they can train",
    make("small", "", "Without it the judgement is kept and the photo is not. Others who judge here may see a kept photo."),
  );
  const say = () => tell("photo", { path: props.value.upload, address: preview, title, consent: box.checked });
  box.addEventListener("change", say);
  label.append(box, words);
  say();
  return label;
}
let preview = ""; // not revoked: an answer to an earlier photo may still show it

function choose(garment) {
  turn += 1; // an upload still on its way is no longer wanted
  props.value = garment ? { reference_id: garment.id, catalogue: garment.catalogue } : null;
  if (garment) show(makePhoto(garment.view, nameOf(garment), true), "Reference", nameOf(garment));
  else show(null, "Reference", "Pick one from the catalogue, or drop or paste a photo");
  tell("reference", { garment });
}

async function take(picture) {
  if (!picture) return;
  choose(null);
  const mine = turn;
  preview = URL.createObjectURL(picture);
  const title = picture.name || "Pasted photo";
  show(makePhoto(preview, "Your photo", true), "Uploading …", title);
  try {
    if (picture.size > props.max_bytes) throw new Error(`it is larger than ${Math.floor(props.max_bytes / 2 ** 20)} MiB`);
    const kept = await upload(picture);
    if (mine !== turn) return;
    props.value = { upload: kept.path };
    show(makePhoto(preview, "Your photo", true), "Your photo", title);
  } catch (error) {
    if (mine !== turn) return;
    choose(null);
    const reason = (error && error.message) || "the server did not take it";
    chosen.querySelector(".chosen-title").replaceWith(make("p", "problem", `That photo could not be used: ${reason}.`));
  }
}

for (const field of [file, camera]) {
  field.addEventListener("change", () => {
    take(field.files[0]);
    field.value = "";
  });
}
for (const name of ["dragover", "dragleave", "drop"]) {
  element.addEventListener(name, (event) => {
    event.preventDefault();
    element.classList.toggle("is-target", name === "dragover");
    if (name === "drop") take(event.dataTransfer.files[0]);
  });
}
document.addEventListener("paste", (event) => {
  const picture = [...(event.clipboardData?.files || [])].find((item) => item.type.startsWith("image/"));
  if (!picture) return;
  event.preventDefault();
  take(picture);
});
hear("use", ({ garment }) => {
  choose(garment);
  if (matchMedia("(max-width: 900px)").matches) element.scrollIntoView({ behavior: "smooth" });
});
// A photo uploaded before, as the trail remembers it.
hear("photo-again", ({ path, address, title }) => {
  choose(null);
  preview = address;
  props.value = { upload: path };
  show(makePhoto(preview, "Your photo", true), "Your photo", title);
});
choose(null);
hear("catalogue", () => props.value && props.value.reference_id && choose(null)); // an uploaded photo stays
