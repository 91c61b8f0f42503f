// "What does the model see?": its own caption of the reference, asked for by one tap.
// 'looked' carries the reference to the server, which answers in props.seen under the same turn.
const LONGEST_LOOK = 120000; // ms without an answer
let looks = 0, settle = () => {};

function seeing() {
  const row = make("div", "seeing"), words = make("p", "seen");
  const button = makeButton("link", "What does the model see?");
  words.setAttribute("role", "status");
  const say = (text, kind = "") => {
    words.className = "seen" + (kind ? " " + kind : "");
    words.textContent = text;
  };
  button.addEventListener("click", () => {
    looks += 1;
    const turn = looks;
    const timer = setTimeout(() => settle({ turn }), LONGEST_LOOK);
    button.hidden = true;
    say("Looking …");
    settle = (answer) => {
      if (answer.turn !== undefined && answer.turn !== turn) return; // of a photo looked at before
      clearTimeout(timer);
      settle = () => {};
      const failed = !("words" in answer);
      button.hidden = !failed;
      if (failed) return say(answer.problem || "The app did not answer. Is it still running?", "problem");
      if (!answer.words) return say("The model has no words for this photo.");
      say("");
      words.append(make("span", "eyebrow", "The model sees: "), answer.words);
    };
    trigger("looked", { turn, ...props.value });
  });
  row.append(words, button);
  return row;
}

watch("seen", () => props.seen && settle(props.seen));
hear("unseen", () => settle({}));
