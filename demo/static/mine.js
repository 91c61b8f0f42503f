// Under the name: how many photos of this person are kept, and deleting them. 'forgotten' asks the server for it.
const line = element.querySelector('[data-part="mine"]');
const nameBox = () => document.querySelector("#annotator textarea, #annotator input");
const photos = (count) => `${count} ${count === 1 ? "photo" : "photos"}`;
let pause = 0;

function ask(said = "") {
  server.kept_uploads({ annotator: nameBox()?.value || "" }).then(({ count }) => show(count, said), () => {});
}

function show(count, said) {
  line.hidden = !count && !said;
  line.setAttribute("role", "status");
  if (!count) return void (line.textContent = said);
  const button = makeButton("link", "Delete my uploads");
  button.addEventListener("click", () => sure(count));
  line.replaceChildren(said || `${photos(count)} kept `, button);
}

function sure(count) {
  const yes = makeButton("link is-grave", `Delete ${photos(count)}`), no = makeButton("link", "Keep");
  yes.addEventListener("click", () => trigger("forgotten", {}));
  no.addEventListener("click", () => show(count, ""));
  line.replaceChildren(yes, " ", no);
  no.focus();
}

watch("reply", () => {
  if (!props.reply) return;
  ask(props.reply.problem || `${photos(props.reply.deleted)} deleted`);
});
hear("photos-kept", () => ask());
document.addEventListener("input", (event) => {
  if (!event.target.closest("#annotator")) return;
  clearTimeout(pause);
  pause = setTimeout(ask, 400);
});
setTimeout(ask, 500); // once the browser's own name is filled in
