"use strict";

const el = (id) => document.getElementById(id);
const state = {
  table: decodeURIComponent(location.hash.slice(1)) || "Goede gewoontes gebruik",
  editing: false,
  drawn: {},
};

async function ask(path, body) {
  const options = body && { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(path, options || undefined);
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error?.message || content.error || answer.statusText);
  return content;
}

function say(text, bad = false) {
  el("note").textContent = text;
  el("note").classList.toggle("bad", bad);
}

function node(tag, text, properties = {}) {
  return Object.assign(document.createElement(tag), { textContent: text, ...properties });
}

function choose(name) {
  state.table = name;
  location.hash = encodeURIComponent(name);
  refresh();
}

// Redrawing takes focus and selection away, so it happens only when there is something new.
function isNew(part, content) {
  const text = JSON.stringify(content);
  const changed = state.drawn[part] !== text;
  state.drawn[part] = text;
  return changed;
}

function drawTables(tables) {
  if (!isNew("tables", [state.table, tables.map((table) => [table, isFresh(table)])])) return;
  const buttons = tables.map((table) => {
    const button = node("button", table.name, { onclick: () => choose(table.name) });
    button.append(node("span", table.count));
    button.setAttribute("aria-current", String(table.name === state.table));
    button.classList.toggle("fresh", isFresh(table));
    return button;
  });
  el("tables").replaceChildren(...buttons);
}

function isFresh(table) {
  return table.changed !== null && Date.parse(state.now) - Date.parse(table.changed) < 8000;
}

function shownColumns(page) {
  const all = page.fields.map((_, index) => index);
  const filled = (index) => page.rows.some((row) => !["", "0"].includes(row.cells[index]));
  const used = all.filter(filled);
  return el("empty").checked || used.length === 0 ? all : used;
}

function drawHead(page, columns) {
  const row = node("tr", "");
  row.append(node("th", "changed"));
  for (const index of columns) {
    const heading = node("th", page.fields[index].name);
    heading.append(node("small", page.fields[index].type));
    row.append(heading);
  }
  row.append(node("th", "record"));
  el("head").replaceChildren(row);
}

function makeEditable(cell) {
  try {
    cell.contentEditable = "plaintext-only";
  } catch {
    cell.contentEditable = "true"; // older browsers
  }
}

function drawCell(row, field, text) {
  const cell = node("td", text, { title: text });
  if (!field.editable) {
    cell.className = "fixed";
    return cell;
  }
  makeEditable(cell);
  cell.onfocus = () => { state.editing = true; };
  cell.onblur = () => { state.editing = false; save(row, field, text, cell.innerText); };
  cell.onkeydown = (event) => {
    if (event.key === "Escape") cell.innerText = text;
    if (event.key === "Escape" || (event.key === "Enter" && !event.shiftKey)) {
      event.preventDefault();
      cell.blur();
    }
  };
  return cell;
}

function ago(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const [size, unit] = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]].find(
    ([length]) => seconds >= length) || [1, "s"];
  return `${Math.floor(seconds / size)} ${unit} ago`;
}

async function act(method, body, done) {
  try {
    await ask(`/_control/${method}`, { table: state.table, ...body });
    say(done);
  } catch (error) {
    say(error.message, true);
  }
  refresh();
}

function drawRecord(row) {
  const cell = node("td", row.id, { className: "id", title: `changed ${row.modified}` });
  const remove = node("button", "×", { title: "Delete this record" });
  remove.onclick = () => {
    if (confirm("Delete this record?")) act("delete", { record_id: row.id }, "Deleted.");
  };
  cell.append(remove);
  return cell;
}

function save(row, field, before, after) {
  if (after === before) return;
  const value = field.type === "number" && after !== "" ? Number(after) : after;
  const fields = { [field.id]: value };
  act("edit", { record_id: row.id, fields }, `${field.name} saved, as an editor would.`);
}

function drawRows(page, columns) {
  const rows = page.rows.map((row) => {
    const line = node("tr", "");
    const age = Date.parse(page.now) - Date.parse(row.modified);
    if (age < 8000) {
      line.className = "fresh";
      line.style.setProperty("--age", `-${Math.max(0, age)}ms`);
    }
    line.append(node("td", ago(age), { className: "fixed" }));
    for (const index of columns) line.append(drawCell(row, page.fields[index], row.cells[index]));
    line.append(drawRecord(row));
    return line;
  });
  el("rows").replaceChildren(...rows);
}

async function refresh() {
  try {
    const overview = await ask("/_control/tables");
    state.now = overview.now;
    drawTables(overview.tables);
    el("pulse").textContent = `${overview.requests} API requests`;
    if (state.editing) return;
    const query = new URLSearchParams({ table: state.table, search: el("search").value });
    const page = await ask(`/_control/rows?${query}`);
    const columns = shownColumns(page);
    el("title").textContent = `${state.table} · ${page.total}`;
    if (el("note").textContent.startsWith("The stand-in")) say("");
    const step = Math.floor(Date.parse(page.now) / 10000);
    if (!isNew("rows", [state.table, columns, page.rows, step])) return;
    drawHead(page, columns);
    drawRows(page, columns);
  } catch (error) {
    say(`The stand-in does not answer: ${error.message}`, true);
  }
}

el("search").oninput = refresh;
el("add").onclick = () => act("create", { fields: {} }, "An empty record was added.");
el("empty").onchange = refresh;
refresh();
setInterval(refresh, 1000);
