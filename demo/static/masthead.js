// The page's head: the name, how large the catalogue is, and where judgements are kept by now.
const facts = element.querySelector('[data-part="facts"]');
const showSize = ({ garments }) => (facts.textContent = `${garments.toLocaleString("en")} ${garments === 1 ? "garment" : "garments"}`);
showSize(props);
hear("catalogue-size", showSize);

const line = element.querySelector('[data-part="kept"]');
const ago = (seconds) => (seconds < 60 ? "just now" : seconds < 5400 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`);
const showKept = (kept) => {
  line.hidden = !kept.place;
  const lost = kept.place === "nowhere", failed = Boolean(kept.problem);
  line.classList.toggle("is-failing", failed);
  line.title = kept.problem || (lost ? "" : `to ${kept.place}`);
  if (lost) line.textContent = "Judgements last until a restart";
  else if (failed) line.textContent = kept.waiting ? `${kept.waiting} judgement${kept.waiting === 1 ? "" : "s"} not copied yet` : "Judgements are not copied";
  else if (kept.seconds === null || kept.waiting) line.textContent = "Judgements to be copied";
  else line.textContent = `Judgements copied ${ago(kept.seconds)}`;
};
const askKept = () => server.kept({}).then(showKept, () => {});
askKept().then(() => line.hidden || setInterval(askKept, 30000));
