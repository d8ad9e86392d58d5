// What every part of a page needs: elements, what to do when a part fails, what this browser remembers.
const BROKEN = (why) => `These controls failed (${why}). Answers and figures can be read here without them.`;

/**
 * An element. `on...` is a listener, `text` its text; false, null and undefined leave an attribute or a child out.
 * @param {string} tag
 * @param {Record<string, any>} attributes
 * @param {...(Node | string | null | undefined)} children
 * @returns {any}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "text") element.textContent = value;
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/** A part that fails is as it was without scripts, and says why. */
function broken(box, error) {
  console.error(error);
  for (const added of box.querySelectorAll("[data-added]")) added.remove();
  for (const fold of box.querySelectorAll("details")) fold.hidden = false;
  if (!box.dataset.failed) box.prepend(make("p", { class: "lab-note", text: BROKEN(error.message) }));
  box.dataset.failed = "1";
}
export const guarded = (box, work) => (...given) => {
  try {
    work(...given);
  } catch (error) {
    broken(box, error);
  }
};

/** One entry a part; what is not ours or damaged counts as nothing. */
export const memory = {
  read(key) {
    try {
      const found = JSON.parse(localStorage.getItem(key));
      return found && typeof found === "object" && !Array.isArray(found) ? found : {};
    } catch {
      return {};
    }
  },
  write(key, value) {
    try {
      if (Object.keys(value).length) localStorage.setItem(key, JSON.stringify(value));
      else localStorage.removeItem(key);
    } catch { /* no storage: it lives as long as the page */ }
  },
};
