"use strict";

const el = (id) => document.getElementById(id);
const state = {
  table: decodeURIComponent(location.hash.slice(1)) || "Goede gewoontes gebruik",
  editing: false,
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

function drawTables(tables) {
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
  if (el("empty").checked) return page.fields.map((_, index) => index);
  const filled = (index) => page.rows.some((row) => row.cells[index] !== "" && row.cells[index] !== "0");
  return page.fields.map((_, index) => index).filter((index) => index === 0 || filled(index));
}

function drawHead(page, columns) {
  const row = node("tr", "");
  for (const index of columns) {
    const heading = node("th", page.fields[index].name);
    heading.append(node("small", page.fields[index].type));
    row.append(heading);
  }
  row.append(node("th", "record"));
  el("head").replaceChildren(row);
}

function drawCell(row, field, text) {
  const cell = node("td", text, { title: text });
  if (!field.editable) {
    cell.className = "fixed";
    return cell;
  }
  cell.contentEditable = "plaintext-only";
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

async function save(row, field, before, after) {
  if (after === before) return;
  const value = field.type === "number" && after !== "" ? Number(after) : after;
  try {
    const fields = { [field.id]: value };
    await ask("/_control/edit", { table: state.table, record_id: row.id, fields });
    say(`${field.name} saved, as an editor would in Airtable.`);
  } catch (error) {
    say(error.message, true);
  }
  refresh();
}

function drawRows(page, columns) {
  const rows = page.rows.map((row) => {
    const line = node("tr", "");
    const age = Date.parse(page.now) - Date.parse(row.modified);
    if (age < 8000) {
      line.className = "fresh";
      line.style.setProperty("--age", `-${Math.max(0, age)}ms`);
    }
    for (const index of columns) line.append(drawCell(row, page.fields[index], row.cells[index]));
    line.append(node("td", row.id, { className: "id", title: `changed ${row.modified}` }));
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
    drawHead(page, columns);
    drawRows(page, columns);
  } catch (error) {
    say(`The stand-in does not answer: ${error.message}`, true);
  }
}

el("search").oninput = refresh;
el("empty").onchange = refresh;
refresh();
setInterval(refresh, 1000);
