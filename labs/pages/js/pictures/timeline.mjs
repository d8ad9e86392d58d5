import { inkOn, make } from "../dom.mjs";
import { keyLine, plain, sampleOf } from "./shapes.mjs";
import { markShapes, niceStep, timeAxis, timeText, zoomBar } from "./time.mjs";

// Values over time, one to three panels with one time axis: what labs/show/pictures/timeline.py wrote.
const PANEL_PX = { 1: 270, 2: 170, 3: 135 },
  HEAD_PX = 30,
  FOOT_PX = 48,
  DASH = { solid: "", dash: "6 3", dot: "2 3", dashdot: "6 3 2 3" };
const MARK = {
  redis: ["circle", "M10 7a4 4 0 1 0 8 0a4 4 0 1 0-8 0"],
  rabbitmq: ["square", "M10.5 3.5h7v7h-7z"],
  kafka: ["diamond", "M14 2l5 5l-5 5l-5-5z"],
}; // look.md: a marker each
const figure = (
  value,
  unit,
) => (unit === "ms"
  ? timeText(value)
  : `${(+value.toPrecision(3)).toLocaleString("en-GB")}${!unit || /^[/%]/.test(unit) ? unit : `\u00a0${unit}`}`);
const lastOf = (line, range) =>
  line.values.findLastIndex((value, at) => value != null && line.at_ms[at] <= range[1] && line.at_ms[at] >= range[0]);

// From zero, or whole decades; the same while the reader zooms, so that heights can be compared.
function valueAxis(panel, domain, ink) {
  const values = panel.lines.flatMap((line) => line.values.filter((value) => value != null)),
    axis = { domain, fixedrange: true, zeroline: false, gridcolor: ink("line"), ticklen: 4, showline: false };
  const tick = (value) => figure(value, panel.unit === "ms" ? "ms" : ""); // any other unit stands in the panel's head
  if (panel.scale === "log") {
    const [low, high] = [
      Math.floor(Math.log10(Math.min(...values, 1e9))),
      Math.ceil(Math.log10(Math.max(...values, 1e-9))),
    ];
    const powers = Array.from({ length: Math.max(high - low, 1) + 1 }, (_, at) => 10 ** (low + at));
    return values.length
      ? { ...axis, type: "log", range: [low, Math.max(high, low + 1)], tickvals: powers, ticktext: powers.map(tick) }
      : { ...axis, showticklabels: false };
  }
  const low = Math.min(0, ...values),
    high = Math.max(...values, low),
    step = niceStep((high - low || 1) / 3),
    ticks = [];
  for (let at = Math.ceil(low / step); at * step <= (high || 1) + step * 0.999; at += 1) {
    ticks.push(+(at * step).toPrecision(12));
  }
  return {
    ...axis,
    range: [ticks[0] < 0 ? low : 0, Math.max(high * 1.06, ticks.at(-1))],
    tickvals: ticks,
    ticktext: ticks.map(tick),
  };
}

export function timelinePicture(place, data) {
  const box = make("div", { class: "pic-plot", role: "group", "aria-label": data.said.alt }),
    times = data.panels.flatMap((panel) => panel.lines.flatMap((line) => line.at_ms));
  const whole = times.length
    ? [Math.min(0, ...times), Math.max(...times, ...data.marks.map((mark) => mark.at_ms)) || 1]
    : [0, 1];
  const named = data.panels.filter((panel) => panel.lines.length > 1).flatMap((panel) => panel.lines);
  const alike = (line) => [line.name, line.ink, line.dash].join("|"),
    different = named.filter((line, at) => named.findIndex((other) => alike(other) === alike(line)) === at);
  const key = keyLine(
    different.map((line) => ({
      text: line.name,
      sample: sampleOf(["path", {
        d: "M0 7H28",
        style: `stroke:var(--${line.ink})`,
        "stroke-width": 2.5,
        "stroke-dasharray": DASH[line.dash],
      }], ...(MARK[line.ink] ? [["path", { d: MARK[line.ink][1], style: `fill:var(--${line.ink})` }]] : [])),
    })),
  );
  let range = whole, Plotly = null;
  const zoom = zoomBar(whole, data.marks, (wanted) => {
    range = wanted;
    draw();
  });
  place.replaceChildren(...[named.length ? key : null, box, zoom.bar].filter(Boolean));
  function draw() {
    if (!Plotly) return;
    const ink = inkOn(place), wide = place.clientWidth, narrow = wide < 560, count = data.panels.length;
    const margin = {
      l: 64,
      r: narrow || !named.length
        ? 14
        : Math.min(Math.max(...named.map((line) => line.name.length)) * 7.2 + 16, wide / 4),
      b: FOOT_PX,
    };
    key.hidden = !narrow;
    const marks = markShapes(data.marks, data.spans, {
      ink,
      width: wide - margin.l - margin.r,
      range,
      bands: data.panels.map((_, at) => ({
        yref: `y${at ? at + 1 : ""} domain`,
        y0: 0,
        y1: 1,
        px: at ? 0 : PANEL_PX[count],
        head: HEAD_PX - 6,
      })),
    });
    margin.t = HEAD_PX + marks.rows * 17 + 4;
    const inner = count * PANEL_PX[count] + (count - 1) * HEAD_PX, height = inner + margin.t + margin.b;
    /** @type {Record<string, any>} */
    const layout = {
      height,
      margin,
      showlegend: false,
      hovermode: "closest",
      dragmode: false,
      paper_bgcolor: "transparent",
      plot_bgcolor: "transparent",
      font: { family: getComputedStyle(place).fontFamily, size: 12, color: ink("ink") },
      shapes: marks.shapes,
      hoverlabel: { bgcolor: ink("paper"), bordercolor: ink("line"), font: { color: ink("ink") } },
      annotations: marks.notes.map((note) => ({
        ...note,
        yshift: note.yshift + HEAD_PX - 6,
        bgcolor: ink("paper"),
        borderpad: 0,
      })),
    };
    const traces = data.panels.flatMap((panel, at) => {
      const top = 1 - at * (PANEL_PX[count] + HEAD_PX) / inner,
        domain = [Math.max(top - PANEL_PX[count] / inner, 0), top],
        name = at ? at + 1 : "",
        y = `y${name}`;
      layout[`yaxis${name}`] = valueAxis(panel, domain, ink);
      layout.annotations.push({
        xref: "paper",
        x: 0,
        xanchor: "left",
        yref: "paper",
        y: top,
        yanchor: "bottom",
        yshift: 2,
        showarrow: false,
        font: { size: 13, color: ink("ink") },
        bgcolor: ink("paper"),
        borderpad: 0,
        text: `<b>${plain(panel.name)}</b>${panel.unit ? `, ${plain(panel.unit)}` : ""}`,
      });
      if (!narrow && panel.lines.length > 1) {
        layout.annotations.push(...endNames(panel, layout[`yaxis${name}`], y, PANEL_PX[count], range, ink));
      }
      return panel.lines.map((line) => ({
        type: "scatter",
        mode: panel.shape === "dots" ? "markers" : line.values.length * 2 <= wide ? "lines+markers" : "lines",
        x: line.at_ms,
        y: line.values,
        yaxis: y,
        name: plain(line.name),
        line: { color: ink(line.ink), width: 2, dash: line.dash, shape: panel.shape === "steps" ? "hv" : "linear" },
        marker: {
          symbol: MARK[line.ink]?.[0] ?? "circle",
          size: panel.shape === "dots"
            ? 5
            : MARK[line.ink] && line.values.length * 9 <= wide - margin.l - margin.r
            ? 6
            : 3,
          color: ink(line.ink),
        },
        connectgaps: false,
        text: line.values.map((
          value,
          one,
        ) => (value == null ? "" : plain(`${figure(value, panel.unit)} at ${timeText(line.at_ms[one])}`))),
        hovertemplate: "%{text}<extra>%{fullData.name}</extra>",
      }));
    });
    layout.xaxis = { ...timeAxis(range, ink), anchor: count > 1 ? `y${count}` : "y" };
    Plotly.react(box, traces, layout, { responsive: false, displayModeBar: false });
  }
  box.style.minHeight = `${data.panels.length * PANEL_PX[data.panels.length] + 120}px`;
  return {
    plotly: true,
    draw,
    begin: (found) => {
      Plotly = found;
      zoom.start();
    },
    box,
  };
}

// Names at the line ends that are shown, pushed apart so that none covers another; a line that ends early has its name
// over the point that is farthest from the others.
function endNames(panel, axis, y, px, range, ink) {
  const up = panel.scale === "log" ? Math.log10 : Number,
    [low, high] = axis.range,
    gap = (15 / px) * (high - low),
    edge = range[0] + (range[1] - range[0]) * 0.9;
  const shown = panel.lines.map((line) => ({ line, last: lastOf(line, range) })).filter((one) => one.last >= 0),
    early = ({ line, last }) => line.at_ms[last] < edge;
  const late = shown.filter((one) => !early(one)).map(({ line, last }) => ({ line, at: up(line.values[last]) })).sort((
    a,
    b,
  ) => a.at - b.at);
  late.forEach((one, at) => {
    if (at) one.at = Math.max(one.at, late[at - 1].at + gap);
  });
  const note = (line, place) => ({
    yref: y,
    showarrow: false,
    text: plain(line.name),
    font: { color: ink(line.ink), size: 12 },
    ...place,
  });
  return [
    ...late.map(({ line, at }) => note(line, { xref: "paper", x: 1, xanchor: "left", xshift: 6, y: at })),
    ...shown.filter(early).map(({ line }) => {
      const at = freest(line, panel.lines, range, up);
      return note(line, {
        xref: "x",
        x: line.at_ms[at],
        xanchor: "center",
        y: up(line.values[at]),
        yanchor: "bottom",
        yshift: 3,
      });
    }),
  ];
}
function freest(line, lines, range, up) {
  const near = (other, ms) =>
    other.values[other.at_ms.findLastIndex((at, one) => at <= ms && other.values[one] != null)];
  const far = (at) =>
    Math.min(
      ...lines.filter((other) => other !== line).map((other) =>
        Math.abs(up(near(other, line.at_ms[at]) ?? Infinity) - up(line.values[at]))
      ),
    );
  const inside = line.values.map((_, at) => at).filter((at) =>
    line.values[at] != null && line.at_ms[at] >= range[0] && line.at_ms[at] <= range[1]
  );
  return inside.reduce((best, at) => (far(at) > far(best) ? at : best), inside[0]);
}
