import { make } from "../dom.mjs";

// Setup by capability: what labs/show/pictures/grid.py wrote. A cell is a button: one tab stop, arrow keys, and its detail below.
const GRID_SAY = {
  choose: "Choose a cell to read what is known of it.",
  scroll: "scrolls sideways",
  step: { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] },
};

export function gridPicture(place, data, { pick = null } = {}) {
  const detail = make("p", { class: "pic-detail", role: "status", text: GRID_SAY.choose });
  let chosen = null;
  const choose = (row, column, button) => {
    const cell = data.cells[row][column];
    chosen?.setAttribute("aria-pressed", "false");
    (chosen = button).setAttribute("aria-pressed", "true");
    detail.replaceChildren(
      make("strong", {
        text: `${data.rows[row].group ? `${data.rows[row].group}: ` : ""}${data.rows[row].name}, ${
          data.columns[column].name
        }`,
      }),
      `: ${[cell.says, cell.figure].filter(Boolean).join(", ")}${cell.reason ? `; ${cell.reason}` : ""}.`,
    );
    pick?.(row, column);
  };
  const buttons = data.rows.map((row, at) =>
    data.columns.map((column, across) => {
      const cell = data.cells[at][across];
      return make(
        "button",
        {
          type: "button",
          class: "pic-cell",
          "data-state": cell.state,
          "aria-pressed": "false",
          "data-lm-suppress-shortcuts": "true",
          onclick: (event) => choose(at, across, event.currentTarget),
        },
        make("span", { class: "pic-hear", text: `${row.name}, ${column.name}: ` }),
        make("span", { class: "pic-word" }, make("span", { "aria-hidden": "true", text: `${cell.sign} ` }), cell.says),
        cell.figure ? make("small", { text: cell.figure }) : null,
      );
    })
  );
  const body = data.rows.flatMap((row, at) => {
    const head = row.group && (at === 0 || data.rows[at - 1].group !== row.group)
      ? make(
        "tr",
        { class: "pic-group" },
        make(
          "th",
          { scope: "rowgroup", colspan: data.columns.length + 1 },
          row.ink
            ? make("span", {
              class: "pic-dot",
              "data-ink": row.ink,
              style: `--tone:var(--${row.ink})`,
              "aria-hidden": "true",
            })
            : null,
          row.group,
        ),
      )
      : null;
    return [
      head,
      make(
        "tr",
        {},
        make("th", { scope: "row", text: row.name }),
        ...buttons[at].map((button) => make("td", {}, button)),
      ),
    ].filter(Boolean);
  });
  const noun = data.noun[0],
    top = make(
      "tr",
      {},
      make("th", { scope: "col", text: noun[0].toUpperCase() + noun.slice(1) }),
      ...data.columns.map((column) => make("th", { scope: "col", text: column.name })),
    );
  const table = make("table", { class: "pic-grid" }, make("thead", {}, top), make("tbody", {}, ...body));
  table.style.setProperty("--heads", data.columns.length);
  const box = make("div", {
    class: "pic-scroll",
    role: "region",
    tabindex: 0,
    "aria-label": `${data.said.title}: ${GRID_SAY.scroll}`,
  }, table);
  buttons.flat().forEach((button, at) => {
    button.tabIndex = at ? -1 : 0;
  });
  table.addEventListener("keydown", (event) => {
    const step = GRID_SAY.step[event.key], row = buttons.findIndex((line) => line.includes(event.target));
    if (!step || row < 0) return;
    event.preventDefault();
    const to = buttons[row + step[0]]?.[buttons[row].indexOf(event.target) + step[1]];
    if (!to) return;
    event.target.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  });
  place.replaceChildren(box, detail);
  return { plotly: false, draw: () => {}, box };
}
