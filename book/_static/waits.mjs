// A picture that would answer the guess of its page is out of sight until the reader has guessed, or asks to see it.
// It keeps its room, so that nothing moves. Who follows a link to a view, or prints, sees it at once; slides ask
// elsewhere.
import { make, memory } from "./kit.mjs";

const SAY = { waits: "This picture answers the question above.", look: "Show it without a guess" };

/** Whether the page asks something that this reader has not answered, and the address speaks of no view. */
function asks() {
  const box = /** @type {HTMLElement | null} */ (document.querySelector(".guess[data-guess]"));
  const said = box && memory.read(`labs-said-${box.dataset.guess}`).value;
  return box && said == null && !location.hash.startsWith("#lab=") && !document.querySelector(".slide-page");
}

/** @param {HTMLElement} host of a panel that is drawn */
export function waits(host) {
  const picture = host.querySelector(".lp-picture");
  if (!picture || !asks()) return;
  const show = () => {
    delete host.dataset.waits;
    note.remove();
    document.removeEventListener("labs-guessed", heard);
    removeEventListener("hashchange", show);
  };
  const heard = (event) => event.detail || show(); // with a detail it is a panel in which all is guessed
  const look = () => {
    show();
    host.tabIndex = -1; // the button is gone: the focus goes to what came in its place
    host.focus({ preventScroll: true });
  };
  const button = make("button", { type: "button", text: SAY.look, onclick: look });
  const note = make("p", { class: "lab-waits" }, SAY.waits, button);
  host.dataset.waits = "1";
  picture.append(note);
  document.addEventListener("labs-guessed", heard);
  addEventListener("hashchange", show);
}
