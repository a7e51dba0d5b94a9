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

async function delivered() {
  const health = await call("GET", "/api/health");
  return health.postgres.pendingOutbox === 0;
}

async function waitForDelivery(seconds) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    // The health figures are refreshed every five seconds.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (await delivered()) return true;
  }
  return false;
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
  const waiting = step("The worker carries it to Airtable …");
  const arrived = await waitForDelivery(60);
  waiting.remove();
  if (arrived) step("Nothing is waiting any more: it stands in Airtable,", config.airtableTicks);
  else step("It still waits; is the worker running?").className = "failed";
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

function showLogins() {
  const rows = config.logins.map((login) => {
    const row = document.createElement("tr");
    for (const text of [login.email, login.password || "none yet", login.role]) {
      row.insertCell().textContent = text;
    }
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
  await showHealth();
  setInterval(showHealth, 5000);
}

start();
