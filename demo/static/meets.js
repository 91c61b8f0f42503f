// What a hit does about the query: the asked changes it meets, what it kept of the reference, what it changed unasked.
const NAMES = {
  kind: "kind", colors: "colour", pattern: "pattern", sleeve: "sleeves", neckline: "neckline", length: "length", fit: "fit",
  details: "details",
};
const HOW = { true: ["✓", "met"], false: ["✕", "not met"], null: ["?", "not known"] };

function meetOf({ words, met }) {
  const [sign, said] = HOW[met], chip = make("span", "meet");
  chip.dataset.met = String(met);
  const mark = make("span", "", sign);
  mark.setAttribute("aria-hidden", "true");
  chip.append(mark, words, make("span", "unseen", `, ${said}`));
  chip.title = `${words}: ${said}`;
  return chip;
}

function meetsOf(meets, label) {
  const box = make("div", "meets");
  if (label) box.append(make("span", "eyebrow", label));
  box.append(...meets.parts.map(meetOf));
  return box;
}

// For the closer look: beside the changes, what stayed and what else is different.
function keptOf({ kept, changed }) {
  const lines = [];
  const line = (label, words) => {
    const whole = make("p", "kept-line");
    whole.append(make("span", "eyebrow", label), words);
    lines.push(whole);
  };
  if (kept.length) line("Kept: ", kept.map((name) => NAMES[name]).join(", "));
  if (changed.length) line("Changed unasked: ", changed.map(([name, before, after]) => `${NAMES[name]} (${before || "none"} → ${after || "none"})`).join(", "));
  return lines;
}

function meetingOf(hit) {
  const box = make("div", "meeting");
  if (hit.meets.parts.length) box.append(meetsOf(hit.meets, "Asked: "));
  box.append(...keptOf(hit.meets));
  return box;
}

// The model's own captions of both, and what follows from them: asked for by one tap.
function lookingOf(hit) {
  const box = make("div", "looking"), button = makeButton("link", "What does the model see in both?");
  const { reference, upload, change, options, catalogue } = answer;
  button.addEventListener("click", async () => {
    button.disabled = true;
    const asked = { catalogue, hit: hit.id, change, without: options.without || "", ...(upload ? { upload } : { reference_id: reference?.id }) };
    const seen = await server.sees(asked).catch(() => ({ problem: "The app did not answer. Is it still running?" }));
    if (seen.problem) {
      button.disabled = false;
      return box.replaceChildren(button, make("p", "problem", seen.problem));
    }
    const line = (label, words) => {
      const whole = make("p", "kept-line");
      whole.append(make("span", "eyebrow", label), words || "no words for it");
      return whole;
    };
    box.replaceChildren(
      ...(reference || upload ? [line("The model sees in the reference: ", seen.words)] : []), line(`In rank ${hit.rank}: `, seen.hit),
      ...(seen.meets.parts.length ? [meetsOf(seen.meets, "By these captions: ")] : []), ...keptOf(seen.meets),
    );
  });
  box.append(button);
  return box;
}

// The near-duplicates folded under a hit: shown by one tap; a tap on one makes it the reference.
function foldedOf(hit) {
  const box = make("div", "folded"), strip = make("div", "folded-strip");
  const noun = hit.folded.length === 1 ? "near-duplicate" : "near-duplicates";
  const open = makeButton("link", `+${hit.folded.length} ${noun}`);
  strip.hidden = true;
  open.setAttribute("aria-expanded", "false");
  open.addEventListener("click", () => {
    strip.hidden = !strip.hidden;
    open.setAttribute("aria-expanded", String(!strip.hidden));
  });
  strip.append(...hit.folded.map((garment) => {
    const one = makeButton("folded-one", "", `Use as the reference: ${nameOf(garment)}`);
    one.title = nameOf(garment);
    one.append(makePhoto(garment.card, ""));
    one.addEventListener("click", () => tell("use", { garment }));
    return one;
  }));
  box.append(open, strip);
  return box;
}
