// Every control of one panel: each value, each pair of values that are not recorded together, each recorded point.
// Gives what is wrong.
// It knows the panel by what a reader sees: the controls as they stand, the sentences under the picture.
export async function walk(host) {
  const address = new URL(host.dataset.state, new URL(document.documentElement.dataset.content_root, location.href));
  const state = await (await fetch(address)).json(), points = Object.entries(state.views);
  const root = host.querySelector(".labs-panel"), wrong = [], seen = new Set(), now = { tried: "the beginning" };
  const say = (text) => wrong.push(`${state.lab}, ${now.tried}: ${text}`);

  const settled = async (act) => {
    const had = root.dataset.drawn;
    act();
    while (root.dataset.drawn === had) await new Promise((done) => setTimeout(done));
    await new Promise((done) => setTimeout(done)); // what is said comes after what is drawn
  };
  const changed = (one, change, kind) =>
    settled(() => {
      change();
      one.dispatchEvent(new Event(kind, { bubbles: true }));
    });

  /** A control on the page: its name, its setting, what it offers, how one is chosen, what it says now. */
  const controls = state.controls.flatMap((about) => {
    const box = root.querySelector(`[data-control="${about.name}"]`);
    const select = box?.querySelector("select"), slide = box?.querySelector("[type=range]");
    const radios = [...(box?.querySelectorAll("[type=radio]") ?? [])];
    const boxes = [...(box?.querySelectorAll("[type=checkbox]") ?? [])];
    if (!box || box.matches(".lp-fixed")) return [];
    if (select) {
      const options = [...select.options].filter((one) => !one.disabled).map((one) => one.value);
      const choose = (value) => changed(select, () => (select.value = value), "change");
      return [{ ...about, options, choose, said: () => select.value, off: () => select.disabled }];
    }
    if (slide) {
      const options = [...box.querySelectorAll(".lp-ticks span")].map((one) => one.textContent.replaceAll(",", ""));
      const choose = (value) => changed(slide, () => (slide.value = options.indexOf(value)), "input");
      const said = () => slide.getAttribute("aria-valuetext").split(" ")[0].replaceAll(",", "");
      return [{ ...about, options, choose, said, off: () => slide.disabled }];
    }
    if (radios.length) {
      const options = radios.filter((one) => !one.disabled).map((one) => one.value);
      const choose = (value) => settled(() => radios.find((one) => one.value === value).click());
      return [{ ...about, options, choose, said: () => radios.find((one) => one.checked).value, off: () => false }];
    }
    const choose = (value) => settled(() => boxes.find((one) => one.value === value).click());
    return [{ ...about, options: boxes.map((one) => one.value), boxes, choose, off: () => false }];
  });
  const single = controls.filter((one) => !one.boxes), many = controls.find((one) => one.boxes);

  /** What is shown is what the controls say. */
  const check = () => {
    const ticked = many ? many.boxes.filter((one) => one.checked) : [null];
    if (ticked.some((one) => one?.disabled)) say("a box is ticked and cannot be chosen");
    const own = (box) => root.querySelector(`[data-of="${box?.value}"]`);
    const says = (one, box) => (one.name === state.mix?.control && own(box)?.value) || one.said();
    const fits = (view, box) =>
      single.every((one) => !(one.sets in view) || String(view[one.sets]) === says(one, box)) &&
      (!box || String(view[many.sets]) === box.value);
    const found = ticked.map((box) => points.filter(([, view]) => fits(view, box)));
    if (found.some((each) => each.length !== 1)) {
      return say(`not one recorded point but ${found.map((each) => each.length)}: ${single.map((one) => one.said())}`);
    }
    const shown = found.map(([[, view]]) => view), sentences = shown.map((view) => view.sentence);
    for (const [[key]] of found) seen.add(key);
    const said = [...root.querySelectorAll(".lp-said > p:not(.lp-note)")].map((one) => one.textContent);
    if (JSON.stringify(said) !== JSON.stringify(sentences)) say(`it says ${said} and not ${sentences}`);
    const pressed = [...root.querySelectorAll(".lp-row[aria-pressed=true], .lp-cell[aria-pressed=true]")];
    if (root.querySelector(".lp-row, .lp-cell") && !pressed.length) say("nothing is picked in the picture");
    for (const one of single) {
      const used = shown.some((view) => one.sets in view) || state.charts.some(({ lines }) => lines);
      if (one.off() === used) say(`${one.name} is greyed, or should be`);
    }
    const typed = root.querySelector("[data-part=repeat]").textContent;
    for (const one of single.filter(({ off, name }) => !off() && !(own(ticked[0]) && name === state.mix.control))) {
      const word = `--set ${one.alias || one.name}=${one.said()}`;
      if (typed.includes("--set") && !typed.includes(word)) say(`${word} is not in its command`);
    }
  };

  /** Chooses a value of one control; what else moves is said. */
  const choose = async (one, value) => {
    if (one.off() || one.said() === value) return;
    const before = single.map((other) => other.said());
    now.tried = `${now.at ?? ""} ${one.name}=${value}`;
    await one.choose(value);
    if (one.said() !== value) say(`it is ${one.said()} then`);
    const moved = single.filter((other, at) => other !== one && other.said() !== before[at]);
    const told = root.querySelector(".lp-moved").textContent;
    if (moved.some((other) => !told.includes(other.label))) {
      say(`${moved.map(({ name }) => name)} moved, told: ${told}`);
    }
    check();
  };
  const boxes = async () => {
    for (const box of many?.boxes.filter((one) => !one.disabled) ?? []) {
      const alone = box.checked && many.boxes.filter((one) => one.checked).length === 1;
      for (let twice = 0; twice < 2; twice++) {
        now.tried = `${now.at ?? ""} box ${box.value}`;
        await many.choose(box.value);
        if (!alone) check();
      }
      if (alone) check();
    }
  };
  /** Whether some point has both values. */
  const together = (one, value, other, second) =>
    points.some(([, view]) => String(view[one.sets]) === value && String(view[other.sets]) === second);
  const mixed = async () => {
    const names = [...root.querySelectorAll("[data-of]")].map((one) => one.dataset.of);
    for (const name of names) {
      const find = () => root.querySelector(`[data-of="${name}"]`);
      for (const value of [...find().options].filter((one) => !one.disabled).map((one) => one.value)) {
        now.tried = `mixed, ${name} at ${value}`;
        await changed(find(), () => (find().value = value), "change");
        if (find()?.value !== value) say("it is not what was chosen");
        check();
      }
    }
  };
  const reach = async ([key, view]) => {
    now.at = `for ${key}:`;
    for (let again = 0; again < single.length && !seen.has(key); again++) { // a choice may move another: once more
      const order = again % 2 ? [...single].reverse() : single;
      for (const one of order) if (one.sets in view) await choose(one, String(view[one.sets]));
    }
    const box = many?.boxes.find((one) => one.value === String(view[many.sets]));
    if (box && !box.checked && !box.disabled) await many.choose(box.value);
    check();
  };

  const everything = [...root.querySelectorAll(".lp-guess button")].find((one) =>
    one.textContent === "Show everything"
  );
  if (everything) await settled(() => everything.click());
  check();
  await boxes();
  for (const one of single) {
    const values = new Set(points.map(([, view]) => String(view[one.sets])));
    for (const value of one.options) {
      if (!values.has(value)) say(`${one.name} offers ${value}, which is not recorded`);
      now.at = "";
      await choose(one, value);
      for (const other of single.filter((each) => each !== one)) {
        for (const second of other.options.filter((each) => !together(one, value, other, each))) {
          now.at = "";
          await choose(one, value);
          now.at = `after ${one.name}=${value},`;
          await choose(other, second);
        }
      }
    }
  }
  for (const point of points.filter(([key]) => !seen.has(key))) await reach(point);
  if (state.mix) {
    const mix = [...root.querySelectorAll(".lp-controls > div > .lp-pick input")].at(-1);
    await settled(() => mix.click());
    await mixed();
    await settled(() => mix.click());
    check();
  }
  const missed = points.map(([key]) => key).filter((key) => !seen.has(key));
  if (missed.length) wrong.push(`${state.lab}: never shown: ${missed}`);
  return { wrong, points: seen.size, controls: controls.length };
}
