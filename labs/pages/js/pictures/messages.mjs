import { make } from "../dom.mjs";
import { keyLine } from "./shapes.mjs";
import { timeText } from "./time.mjs";

// Messages as dots: what labs/show/pictures/messages.py wrote. A dot stands in the stage its message had entered by
// the moment shown; the lost ones vanish where their scene ends. Nothing moves by itself but time, once, on request.
const SAY = {
  play: "Play",
  pause: "Pause",
  step: "Step",
  replay: "Replay",
  time: "Time shown",
  slower: (factor) => `shown ${factor} slower than it happened`,
  real: "shown as fast as it happened",
  lost: (number) => `${number} lost`,
  at: (moment, scenes) => `${moment}: ${scenes.join("; ")}`,
};
const DOT = 7, STEPS = 20, LASTS_MS = 10_000, FLY_MS = 220, GONE = "gone", STAY_MS = 900;

/** The stage that a message has entered by then; -1 before it was sent. */
export const stageAt = (times, ms) => times.findLastIndex((time) => time != null && time <= ms);

/** How many messages of a scene are in each stage at that moment, and how many of them are lost by then. */
export function countsAt({ times_ms: all, fates, end_ms: end }, stages, ms) {
  const counts = Array(stages).fill(0);
  let lost = 0;
  all.forEach((times, at) => {
    if (ms >= end && fates[at] === "l") lost += 1;
    else if (stageAt(times, ms) >= 0) counts[stageAt(times, ms)] += 1;
  });
  return { counts, lost };
}
/** What happened last by then, for a moment. */
export const lately = (marks, ms, stay) => marks.findLast(({ at_ms: at }) => at <= ms && ms - at < stay)?.text ?? "";

function sceneOf(scene, stages) {
  const boxes = stages.map((name) => {
    const count = make("strong", { text: "0" }), room = make("div", { class: "pic-room" });
    return { count, room, element: make("div", { class: "pic-stage" }, make("p", {}, `${name} `, count), room) };
  });
  const dots = scene.times_ms.map((_, at) => make("i", { "data-fate": scene.fates[at], hidden: true }));
  const said = make("span", { class: "pic-now" }), lost = make("span", { class: "pic-lost" });
  const flow = make("div", { class: "pic-flow", "aria-hidden": "true" }, ...boxes.map((one) => one.element), ...dots);
  flow.style.setProperty("--stages", stages.length);
  const head = make(
    "p",
    { class: "pic-scene-name", style: `--tone: var(--${scene.ink})` },
    scene.name,
    " ",
    said,
    lost,
  );
  return { scene, boxes, dots, said, lost, flow, element: make("div", { class: "pic-scene" }, head, flow), places: [] };
}
/** Where each dot stands in each stage, px; every stage has the same places. */
function placed(one) {
  const wide = Math.max(Math.floor(one.boxes[0].room.clientWidth / DOT), 1);
  for (const { room } of one.boxes) room.style.height = `${Math.ceil(one.dots.length / wide) * DOT}px`;
  one.places = one.boxes.map(({ room }) =>
    one.dots.map((_, at) =>
      `translate(${room.offsetLeft + (at % wide) * DOT}px, ${room.offsetTop + Math.floor(at / wide) * DOT}px)`
    )
  );
}
function show(one, ms, stay) {
  const { scene, places } = one, { counts, lost } = countsAt(scene, one.boxes.length, ms), over = ms >= scene.end_ms;
  one.boxes.forEach(({ count }, at) => (count.textContent = counts[at].toLocaleString("en-GB")));
  one.said.textContent = lately(scene.marks, ms, over ? Infinity : stay);
  one.lost.textContent = over && scene.fates.includes("l") ? SAY.lost(lost) : "";
  one.flow.classList.toggle("over", over);
  one.dots.forEach((dot, at) => {
    const stage = stageAt(scene.times_ms[at], ms), place = stage < 0 ? "" : places[stage][at];
    dot.hidden = stage < 0;
    if (dot.style.transform !== place) dot.style.transform = place;
    dot.classList.toggle(GONE, over && scene.fates[at] === "l");
  });
}
/** Moves the dots into the boxes of the stages that they have reached, or back to where they can fly. */
function onPaper({ scene, boxes, dots, flow }, ms, on) {
  dots.forEach((dot, at) => {
    const stage = stageAt(scene.times_ms[at], ms);
    if (stage < 0) return;
    if (on) dot.style.transform = "";
    (on ? boxes[stage].room : flow).append(dot);
  });
  if (on) { for (const { room } of boxes) room.style.height = ""; }
}
const times = (factor) => `${factor >= 10 ? Math.round(factor).toLocaleString("en-GB") : factor.toFixed(1)} times`;

export function messagesPicture(place, data) {
  const scenes = data.scenes.map((scene) => sceneOf(scene, data.stages)),
    still = matchMedia("(prefers-reduced-motion)");
  const end = Math.max(...data.scenes.map((scene) => scene.end_ms)),
    factor = LASTS_MS / end,
    stay = end * STAY_MS / LASTS_MS;
  let now = end, began = 0, frame = 0, played = false, printing = false;
  const slide = make("input", {
    type: "range",
    min: 0,
    max: 1000,
    step: 1,
    "aria-label": SAY.time,
    "data-lm-suppress-shortcuts": "true",
  });
  const clock = make("span", { class: "pic-range" });
  const draw = () => {
    for (const one of scenes) show(one, now, stay);
    slide.value = Math.round(1000 * now / end);
    clock.textContent = `${timeText(now)}, ${factor > 1.2 ? SAY.slower(times(factor)) : SAY.real}`;
    const said = scenes.map(({ scene, boxes }) =>
      `${scene.name}: ${boxes.map(({ count }, at) => `${count.textContent} ${data.stages[at]}`).join(", ")}`
    );
    slide.setAttribute("aria-valuetext", SAY.at(timeText(now), said));
    play.textContent = frame ? SAY.pause : now >= end && played ? SAY.replay : SAY.play;
  };
  const stop = () => {
    cancelAnimationFrame(frame);
    frame = 0;
  };
  const tick = (at) => {
    began ||= at - now * factor;
    now = Math.min((at - began) / factor, end);
    frame = now < end && place.isConnected ? requestAnimationFrame(tick) : 0;
    draw();
  };
  const toggle = () => {
    if (frame) stop();
    else {
      if (now >= end) now = 0;
      played = true;
      began = 0;
      frame = requestAnimationFrame(tick);
    }
    draw();
  };
  const go = (ms) => {
    stop();
    now = Math.min(Math.max(ms, 0), end);
    draw();
  };
  const button = (text, onclick) => make("button", { type: "button", text, onclick });
  const play = button(SAY.play, toggle);
  // After the end a step begins again: a still picture can be gone through without anything that moves.
  const step = button(SAY.step, () => go(now >= end ? 0 : now + end / STEPS));
  slide.addEventListener("input", () => go(slide.value / 1000 * end));
  const quiet = () => {
    play.hidden = still.matches;
    place.classList.toggle("pic-still", still.matches);
    if (still.matches) stop();
  };
  still.addEventListener("change", quiet);
  // A sheet is not as wide as the window: there the dots stand in their boxes as words stand in a line.
  const paper = (on) => () => {
    go(end);
    for (const one of scenes) onPaper(one, end, on);
    printing = on;
    if (!on) again();
  };
  addEventListener("beforeprint", paper(true));
  addEventListener("afterprint", paper(false));
  const key = keyLine([
    { sample: make("i", { class: "pic-message" }), text: "a message" },
    ...(data.scenes.some(({ fates }) => fates.includes("l"))
      ? [{ sample: make("i", { class: "pic-message gone" }), text: "confirmed, then lost" }]
      : []),
  ]);
  const controls = make("div", { class: "pic-zoom" }, play, step, slide, clock);
  place.style.setProperty("--fly", `${FLY_MS}ms`);
  place.replaceChildren(key, ...scenes.map((one) => one.element), controls);
  const again = () => {
    if (printing) return;
    for (const one of scenes) placed(one);
    draw();
  };
  quiet();
  again();
  let wide = place.clientWidth;
  new ResizeObserver(() => {
    if (place.clientWidth && place.clientWidth !== wide) {
      wide = place.clientWidth;
      again();
    }
  }).observe(place);
  return { plotly: false, draw: again, box: place };
}
