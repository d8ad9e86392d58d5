import { arrowKeys, cells, make, tabular } from "../dom.mjs";

// Setup by capability: what labs/show/pictures/grid.py wrote. A cell is a button, its detail stands below the table.
const GRID_SAY = { choose: "Choose a cell to read what is known of it.", scroll: "scrolls sideways" };

/**
 * @param {HTMLElement} place
 * @param {Record<string, any>} data  `rows`, `columns`, `cells`, `noun`, `said`
 * @param {{ pick?: ((row: number, column: number) => void) | null }} options  who else is told which cell was chosen
 */
export function gridPicture(place, data, { pick = null } = {}) {
  const detail = make("p", { class: "pic-detail", role: "status", text: GRID_SAY.choose });
  let chosen = null;
  const choose = (at, across, button) => {
    const cell = data.cells[at][across], { group, name } = data.rows[at];
    chosen?.setAttribute("aria-pressed", "false");
    chosen = button;
    chosen.setAttribute("aria-pressed", "true");
    const where = `${group ? `${group}: ` : ""}${name}, ${data.columns[across].name}`;
    const said = [cell.says, cell.figure].filter(Boolean).join(", ") + (cell.reason ? `; ${cell.reason}` : "");
    detail.replaceChildren(make("strong", { text: where }), `: ${said}.`);
    pick?.(at, across);
  };
  const buttons = data.rows.map((row, at) =>
    data.columns.map((column, across) => {
      const cell = data.cells[at][across], onclick = (event) => choose(at, across, event.currentTarget);
      const about = { class: "pic-cell", "data-state": cell.state, "data-lm-suppress-shortcuts": "true", onclick };
      return make(
        "button",
        { type: "button", "aria-pressed": "false", ...about },
        make("span", { class: "pic-hear", text: `${row.name}, ${column.name}: ` }),
        make("span", { class: "pic-word" }, make("span", { "aria-hidden": "true", text: `${cell.sign} ` }), cell.says),
        cell.figure ? make("small", { text: cell.figure }) : null,
      );
    })
  );
  const groupRow = ({ ink, group }) => {
    const dot = { class: "pic-dot", "data-ink": ink, style: `--tone:var(--${ink})`, "aria-hidden": "true" };
    const span = { scope: "rowgroup", colspan: data.columns.length + 1 };
    return make("tr", { class: "pic-group" }, make("th", span, ink ? make("span", dot) : null, group));
  };
  const body = data.rows.flatMap((row, at) => {
    const begins = row.group && (at === 0 || data.rows[at - 1].group !== row.group);
    const inside = buttons[at].map((button) => make("td", {}, button));
    const line = make("tr", {}, make("th", { scope: "row", text: row.name }), ...inside);
    return begins ? [groupRow(row), line] : [line];
  });
  const noun = data.noun[0], heads = [noun[0].toUpperCase() + noun.slice(1), ...data.columns.map(({ name }) => name)];
  const table = tabular("pic-grid", cells(heads), body);
  table.style.setProperty("--heads", data.columns.length);
  arrowKeys(table, buttons);
  const name = `${data.said.title}: ${GRID_SAY.scroll}`;
  const box = make("div", { class: "pic-scroll", role: "region", tabindex: 0, "aria-label": name }, table);
  place.replaceChildren(box, detail);
  return { plotly: false, draw: () => {}, box };
}
