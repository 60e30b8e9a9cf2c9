// Everything that comes from the simulators is set as text, never as HTML: names
// in there are hostile.
"use strict";

const limit = 200;
const id = (name) => document.getElementById(name);

// make returns an element with a class and children; texts become text nodes.
function make(tag, cls, ...children) {
  const e = document.createElement(tag);
  if (cls) e.className = cls;
  e.append(...children.filter((c) => c !== "" && c != null));
  return e;
}

async function call(method, path) {
  const answer = await fetch(path, { method, cache: "no-cache" });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error || answer.statusText);
  return body;
}

function complain(err) {
  id("error").hidden = !err;
  id("error").textContent = err ? String(err.message || err) : "";
}

const tone = {
  ACTIVE: "good", PROVISIONED: "good", RECOVERY: "good", PASSWORD_EXPIRED: "good", LOCKED_OUT: "good",
  SUSPENDED: "wait", STAGED: "wait", INACTIVE: "wait",
};
const badge = (text) => make("span", "badge " + (tone[text] || "bad"), text);
const isolated = (text) => make("bdi", "", text);

function row(key, name, status, more, note) {
  const top = make("div", "top", make("bdi", "name", name || "—"), status ? badge(status) : "");
  const parts = more.filter(Boolean).flatMap((text, i) => (i ? [" · ", isolated(text)] : [isolated(text)]));
  const out = make("div", "row", top, make("div", "more", ...parts), note ? make("div", "note", note) : "");
  out.dataset.key = key;
  out.dataset.print = out.textContent;
  return out;
}

const person = (p) => row(p.id, (p.first_name + " " + p.last_name).trim(), p.status, [
  p.login, p.email.toLowerCase() === p.login.toLowerCase() ? "" : p.email, p.title, p.division || "no division",
  p.assignment === "USER" ? "app: direct" : p.assignment === "GROUP" ? "app: by group" : "app: no", ...p.groups,
], p.note);

const group = (g) => row(g.id, g.name, "", [
  g.members + (g.members === 1 ? " member" : " members"), g.assigned ? "gives the app" : "", g.pushed ? "becomes a role" : "",
], g.note);

const employee = (e) => row(e.id, (e.first_name + " " + e.last_name).trim(), e.status, [
  "no. " + e.id, e.username || "no username", e.email === e.username ? "" : e.email, e.job_title, e.region,
  e.ended ? "since " + e.ended : "", ...e.roles,
]);

const role = (r) => row(r.ID, r.Name, "", [r.Portal.toLowerCase() + " portal", "no. " + r.ID, r.Description]);

function change(c, i, all) {
  const fields = (c.fields || []).map((f) => f.name + ": " + (f.old || "–") + " → " + (f.new || "–"));
  const out = row(c.time + c.resource + c.id + c.what + (all.length - i), c.what + " " + c.resource.replace(/s$/, "") + " " + c.id, "",
    [c.time.slice(11, 19), c.by === "api" ? "by a call" : "by hand", ...fields]);
  return out;
}

const logged = (e) => row(e.uuid, e.type, "", [e.published.slice(11, 23), ...e.targets.map((t) => t.type + " " + t.name)], "");

// fill shows rows and marks those that were not there or were different before.
const before = {};
function fill(name, rows, total) {
  const box = id(name);
  const old = before[name];
  before[name] = new Map(rows.map((r) => [r.dataset.key, r.dataset.print]));
  for (const r of rows) if (old && old.get(r.dataset.key) !== r.dataset.print) r.classList.add("changed");
  const foot = [];
  if (!rows.length) foot.push(make("p", "muted", "Nothing here."));
  if (total != null && rows.length >= limit) foot.push(make("p", "muted", limit + " are shown, the latest changes first; find the others by name."));
  const at = box.scrollTop;
  box.replaceChildren(...rows, ...foot);
  box.scrollTop = at;
}

const counts = (totals) => Object.entries(totals).sort().map(([k, n]) => n + " " + k.toLowerCase().replaceAll("_", " ")).join(" · ");

let shown = "", query = "";
async function look() {
  const answer = await fetch("state?limit=" + limit + "&q=" + encodeURIComponent(query), { cache: "no-cache" });
  if (!answer.ok) throw new Error((await answer.json()).error);
  const tag = answer.headers.get("ETag") + query;
  if (tag === shown) return;
  const s = await answer.json();
  if (shown && !shown.endsWith('"' + query)) for (const name of Object.keys(before)) delete before[name];
  shown = tag;
  id("day").textContent = "day " + s.day;
  id("okta-totals").textContent = counts(s.okta.totals);
  id("tracktik-totals").textContent = counts(s.tracktik.totals);
  fill("people", s.okta.people.map(person), limit);
  fill("groups", s.okta.groups.map(group), limit);
  fill("employees", s.tracktik.employees.map(employee), limit);
  fill("roles", s.tracktik.roles.map(role), limit);
  fill("history", s.tracktik.history.map(change).reverse(), null);
}

async function readLog() {
  const { events } = await call("GET", "log?limit=" + limit + "&q=" + encodeURIComponent(query));
  fill("log", events.map(logged), null);
}

async function countRequests() {
  const r = await call("GET", "requests");
  id("requests-summary").textContent = "since " + new Date(r.since).toLocaleTimeString() + ": Okta " + r.okta.total +
    ", TrackTik " + r.tracktik.total + ", of which " + r.tracktik.attempted + " writes (" + r.tracktik.writes + " changed something)";
  const rows = [["Okta", r.okta], ["TrackTik", r.tracktik]].flatMap(([system, calls]) => calls.routes.map((x) => {
    const statuses = Object.entries(x.statuses).map(([code, n]) => n + "× " + code).join(", ");
    return make("tr", "", make("td", "", system), make("td", "", x.method + " " + x.route), make("td", "n", String(x.count)), make("td", "", statuses));
  }));
  id("requests").replaceChildren(...rows);
}

function showFaults(f) {
  const on = new Set(f.active.map((a) => a.name));
  id("faults").replaceChildren(...f.known.map((x) => {
    const box = make("input");
    box.type = "checkbox";
    box.checked = on.has(x.name);
    box.addEventListener("change", () =>
      act(async () => showFaults(await call(box.checked ? "POST" : "DELETE", "faults?name=" + encodeURIComponent(x.name)))));
    const times = x.times ? " (" + x.times + (x.times === 1 ? " time)" : " times)") : "";
    return make("label", "", box, make("span", "", make("code", "", x.name), " " + x.text + times));
  }));
}

function showSwitches(i) {
  id("incumbent").hidden = false;
  id("switches").replaceChildren(...i.switches.map((x) => {
    const box = make("input");
    box.type = "checkbox";
    box.checked = x.on;
    box.addEventListener("change", () => act(async () => {
      try {
        showSwitches(await call("POST", "incumbent?switch=" + encodeURIComponent(x.name) + "&on=" + box.checked));
      } catch (err) {
        box.checked = !box.checked;
        throw err;
      }
    }));
    return make("label", "", box, make("span", "", make("code", "", x.name), " " + x.text));
  }));
}

function tell(title, events) {
  const items = events.map((e) => make("li", "", isolated(e.text), e.expect ? make("span", "muted", "  → " + e.expect) : ""));
  if (title) items.unshift(make("li", "title", title));
  if (!events.length) items.push(make("li", "muted", "Nothing: it fits nobody."));
  id("events").replaceChildren(...items);
}

async function act(what) {
  try {
    await what();
    complain(null);
    await look();
  } catch (err) {
    complain(err);
  }
}

id("advance").addEventListener("click", () => act(async () => {
  const { days } = await call("POST", "advance");
  for (const d of days) tell("Day " + d.day + ": " + d.title, d.events);
}));
for (const b of document.querySelectorAll("[data-kinds], [data-events]")) {
  b.addEventListener("click", () => act(async () => {
    const { events } = await call("POST", "life?events=" + (b.dataset.events || 1) + "&kinds=" + (b.dataset.kinds || ""));
    tell("", events);
  }));
}
id("reset").addEventListener("click", () => act(async () => { await call("POST", "requests/reset"); await countRequests(); }));
id("clear-faults").addEventListener("click", () => act(async () => showFaults(await call("DELETE", "faults"))));
id("judge").addEventListener("click", () => act(async () => {
  const j = await call("GET", "writes");
  const list = j.wrong.slice(0, limit).map((d) => make("div", "row", (d.employee ? "Employee " + d.employee + ": " : "") + d.text));
  const head = j.judged + " writes, " + j.wrong.length + " of them wrong";
  id("writes").replaceChildren(make("p", "", make("span", "badge " + (j.ok ? "good" : "bad"), head)), ...list);
}));
id("audit").addEventListener("click", () => act(async () => {
  const a = await call("GET", "audit");
  const list = a.disagreements.slice(0, limit).map((d) => make("div", "row", (d.employee ? "Employee " + d.employee + ": " : "") + d.text));
  const head = a.ok ? "They agree." : a.disagreements.length + " disagreements:";
  id("disagreements").replaceChildren(make("p", "", make("span", "badge " + (a.ok ? "good" : "bad"), head)), ...list);
}));

for (const list of document.querySelectorAll("[role=tablist]")) {
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const choose = (tab) => {
    for (const t of tabs) {
      t.setAttribute("aria-selected", String(t === tab));
      t.tabIndex = t === tab ? 0 : -1;
      id(t.getAttribute("aria-controls")).hidden = t !== tab;
    }
  };
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (e) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
      if (!step) return;
      const next = tabs[(i + step + tabs.length) % tabs.length];
      choose(next);
      next.focus();
    });
  });
  choose(tabs[0]);
}

let typing;
id("query").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => act(async () => { query = id("query").value.trim(); }), 200);
});

async function watch() {
  let wait = 1500;
  try {
    await look();
    await countRequests();
    await readLog();
    id("live").textContent = "live";
  } catch {
    id("live").textContent = "the sandbox does not answer; trying again";
    wait = 5000;
  }
  setTimeout(watch, document.hidden ? 5 * wait : wait);
}
watch();
act(async () => showFaults(await call("GET", "faults")));
fetch("incumbent").then(async (answer) => { if (answer.ok) showSwitches(await answer.json()); }, () => {});
