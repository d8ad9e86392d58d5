// The loss matrix on the landing page: a square asks what became of the messages, and shows it when the reader has
// answered. Guesses are kept where the lab's own panel keeps them. Without this file a square leads to the lab.
import { make, memory } from "./kit.mjs";

const SAY = {
  show: "Show me",
  said: (guess, truth, told) => guess === truth ? `Right: ${told}.` : `You said “${guess}”. ${told}.`,
  shown: (told) => `${told}.`,
  score: (right, of) => `${right} of ${of} right so far.`,
  more: "The lab: how it was done, every count, all settings",
  hidden: "guess first",
};
const SHOWN = "shown";

function hero(box) {
  const place = `labs-guess-${box.dataset.hero}`, options = box.dataset.options.split("|");
  /** @type {HTMLAnchorElement[]} */
  const squares = [...box.querySelectorAll("a.hero-square")];
  const made = memory.read(place);
  const keep = () => memory.write(place, made);
  const told = make("p", { role: "status" }), ends = make("p", { class: "hero-ends" });
  const cell = make("td", { colspan: 4 }), row = make("tr", { class: "hero-asks" }, cell);
  const open = (square) => {
    square.dataset.open = "1";
    square.querySelector(".hero-word").textContent = square.dataset.word;
  };
  for (const square of squares) {
    if (square.dataset.key in made) open(square);
    else square.querySelector(".hero-word").textContent = SAY.hidden;
  }
  const score = () => {
    const counted = squares.filter((one) =>
      options.includes(made[one.dataset.key]) && options.includes(one.dataset.word)
    );
    const right = counted.filter((one) => made[one.dataset.key] === one.dataset.word).length;
    return counted.length ? ` ${SAY.score(right, counted.length)}` : "";
  };
  function tell(square) {
    const guess = made[square.dataset.key], { word, told: what } = square.dataset;
    told.textContent = (guess === SHOWN ? SAY.shown(what) : SAY.said(guess, word, what)) + score();
    ends.replaceChildren(make("a", { href: square.href, text: SAY.more }));
    cell.replaceChildren(told, ends);
  }
  function ask(square) {
    const answer = (word) =>
      make("button", {
        type: "button",
        text: word === SHOWN ? SAY.show : word,
        onclick: () => {
          made[square.dataset.key] = word;
          keep();
          open(square);
          tell(square);
          square.focus();
        },
      });
    const buttons = make("div", { class: "hero-buttons" }, ...[...options, SHOWN].map(answer));
    cell.replaceChildren(make("p", { text: square.dataset.ask }), buttons);
    buttons.querySelector("button").focus();
  }
  for (const square of squares) {
    square.setAttribute("role", "button");
    square.addEventListener("keydown", (event) => event.key === " " && (event.preventDefault(), square.click()));
    square.addEventListener("click", (event) => {
      event.preventDefault();
      for (const one of squares) one.removeAttribute("aria-expanded");
      square.setAttribute("aria-expanded", "true");
      square.closest("tr").after(row);
      if (square.dataset.key in made) tell(square);
      else ask(square);
    });
  }
}

for (const box of document.querySelectorAll("[data-hero]")) hero(box);
