const steps = document.getElementById("steps");
const button = document.getElementById("tick");
let config = { logins: [] };

function step(text, link) {
  const item = document.createElement("li");
  item.textContent = text;
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link;
    anchor.target = "_blank";
    anchor.rel = "noreferrer";
    anchor.textContent = "see it there";
    item.append(" ", anchor);
  }
  steps.append(item);
  return item;
}

async function call(method, path, token, body) {
  const headers = { "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error || `${method} ${path}: ${answer.status}`);
  return content;
}

function today() {
  const now = new Date();
  const pad = (number) => String(number).padStart(2, "0");
  return `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
}

async function chooseHabit(session) {
  const habits = (await call("GET", "/api/methods/habits", session.accessToken)).data;
  const done = (await call("GET", `/api/habit-usage?date=${today()}`, session.accessToken)).data;
  const open = habits.filter((habit) => !done.includes(habit.id));
  if (open.length) return open[0];
  const [first] = habits;
  const query = new URLSearchParams({
    userId: session.user.id, goedeGewoonteId: first.id, date: today(),
  });
  await call("DELETE", `/api/habit-usage?${query}`, session.accessToken);
  step(`All habits of today were ticked; took "${first.name}" back.`);
  return first;
}

function picture(address) {
  return new Promise((resolve) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => resolve(null);
    image.src = address;
  });
}

// The tables are another origin, whose answers this page may not read; but it may show a picture,
// and there is one of each record that has arrived.
async function arrival(id, seconds) {
  const end = Date.now() + seconds * 1000;
  for (let attempt = 0; Date.now() < end; attempt += 1) {
    const image = await picture(`${config.seen}${id}&attempt=${attempt}`);
    if (image) return image;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return null;
}

async function showArrival(id) {
  if (!config.seen) {
    step("The worker carries it to Airtable;", config.airtableTicks);
    return;
  }
  const began = Date.now();
  const waiting = step("The worker carries it to Airtable …");
  const image = await arrival(id, 60);
  waiting.remove();
  if (!image) {
    step("It has not arrived yet; is the worker running?").className = "failed";
    return;
  }
  image.alt = "The new record";
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  step(`${seconds} s later it stands in Airtable;`, config.airtableTicks).append(
    document.createElement("br"), image,
  );
}

async function tick() {
  const [login] = config.logins;
  const { data: session } = await call("POST", "/api/auth/login", null, {
    email: login.email, password: login.password,
  });
  step(`Logged in as ${session.user.name}.`);
  const habit = await chooseHabit(session);
  const { data: made } = await call("POST", "/api/habit-usage", session.accessToken, {
    userId: session.user.id, goedeGewoonteId: habit.id, date: today(),
  });
  step(`Ticked "${habit.name}": ${made.pointsAwarded} points, id ${made.id}.`);
  await showArrival(made.id);
}

button.onclick = async () => {
  button.disabled = true;
  steps.replaceChildren();
  try {
    await tick();
  } catch (error) {
    step(error.message).className = "failed";
  }
  button.disabled = false;
};

async function showHealth() {
  const shown = document.getElementById("health");
  try {
    const health = await call("GET", "/api/health");
    shown.textContent = `${health.status}, ${health.postgres.pendingOutbox} changes on their way`;
  } catch (error) {
    shown.textContent = error.message;
  }
}

async function mailLink(email) {
  steps.replaceChildren();
  try {
    await call("POST", "/api/auth/magic-link", null, { email });
    step(`Mailed a login link to ${email}.`, config.mailbox);
  } catch (error) {
    step(error.message).className = "failed";
  }
}

// The link of that mail leads to a page of the web client, and so here.
async function followLink() {
  const token = new URLSearchParams(location.search).get("token");
  if (location.pathname !== "/auth/verify" || !token) return;
  try {
    const path = `/api/auth/verify?token=${encodeURIComponent(token)}`;
    const { data: session } = await call("GET", path);
    step(`The link logged in ${session.user.name}.`);
  } catch (error) {
    step(error.message).className = "failed";
  }
}

function passwordCell(cell, login) {
  if (login.password) {
    cell.textContent = login.password;
    return;
  }
  const ask = document.createElement("button");
  ask.type = "button";
  ask.textContent = "none: mail a login link";
  ask.onclick = () => mailLink(login.email);
  cell.append(ask);
}

function showLogins() {
  const rows = config.logins.map((login) => {
    const row = document.createElement("tr");
    row.insertCell().textContent = login.email;
    passwordCell(row.insertCell(), login);
    row.insertCell().textContent = login.role;
    return row;
  });
  document.getElementById("logins").replaceChildren(...rows);
  if (config.logins.length) document.getElementById("who").textContent = config.logins[0].email;
  else button.disabled = true;
}

function showLinks() {
  for (const anchor of document.querySelectorAll("a[data-url]")) {
    const url = config[anchor.dataset.url];
    if (url) anchor.href = url;
    else anchor.closest("li").remove();
  }
}

async function start() {
  config = await (await fetch("/config.json")).json();
  showLogins();
  showLinks();
  await followLink();
  await showHealth();
  setInterval(showHealth, 5000);
}

start();
