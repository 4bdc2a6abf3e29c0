// The calibration page: marks are set in the still, what was measured is written beside it, the
// service fits the camera, and the next revision is handed to the person.

import { apiOf, Refused } from "./api.js";
import { driveRows } from "./drives.js";
import { isOff, show } from "./fit_outcome.js";
import { persian } from "./persian.js";
import { number, Survey } from "./survey.js";
import { picture, ViewLayer } from "./view_layer.js";

const MISSING = {
  distance: "هر فاصله دو نشانهٔ جدا و متری بیش از صفر می‌خواهد",
  along: "فاصله‌ای در راستای جاده",
  across: "فاصله‌ای در عرض جاده",
  second_along: "فاصله‌هایی در راستای هر دو لبهٔ جاده، یا زنجیره‌ای از آن‌ها",
  vanishing: "یا مسیر خودروها (با دستور payesh-detect calibrate ‎--tracks)",
  points: "دست‌کم چهار نشانهٔ نقشه‌برداری‌شده",
  longer: "فاصله‌های درازتر یا دورتر از هم",
  more: "بیش از یک فاصله",
};
const $ = (id) => document.getElementById(id);
const site = $("site"), stage = $("stage"), still = $("still"), message = $("message");
const { camera, width, height } = site.dataset;
const survey = new Survey(`calibration ${camera}`, Number(width), Number(height));
const layer = new ViewLayer(survey, still, $("loupe"));
const api = apiOf(
  { "other-pictures": "نشانه‌های نسخهٔ کنونی برای تصویری با اندازهٔ دیگر است.", "not-found": "نمای این دوربین دیگر در دسترس نیست.", "no-revision": "پیکربندی این دوربین خوانده نشد." },
  () => location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`),
);
const drives = driveRows(api, camera, say);
let found = null;
stage.style.aspectRatio = `${width} / ${height}`;

function say(text, isError) {
  message.textContent = text;
  message.classList.toggle("error", Boolean(isError));
  message.hidden = !text;
}

function cellInput(value, label, changed) {
  const input = Object.assign(document.createElement("input"), { value, inputMode: "decimal", dir: "ltr" });
  input.setAttribute("aria-label", label);
  input.addEventListener("input", () => { changed(input.value); stale(); });
  return input;
}

function remover(label, act) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: "✕" });
  button.setAttribute("aria-label", label);
  button.addEventListener("click", () => { act(); changed(); });
  return button;
}

function choice(value, label, act) {
  const select = document.createElement("select");
  select.setAttribute("aria-label", label);
  survey.marks.forEach((mark, index) => select.add(new Option(persian(index + 1), mark.id, false, mark.id === value)));
  select.addEventListener("change", () => { act(Number(select.value)); changed(); });
  return select;
}

function tables() {
  const marks = $("mark-table"), spans = $("span-table");
  marks.hidden = !survey.marks.length;
  $("no-marks").hidden = Boolean(survey.marks.length);
  spans.hidden = !survey.spans.length;
  marks.tBodies[0].replaceChildren(...survey.marks.map((mark, index) => {
    const row = document.createElement("tr"), name = persian(index + 1);
    row.className = mark.id === survey.selected ? "now" : "";
    const pick = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: name });
    pick.addEventListener("click", () => { survey.selected = mark.id; changed(); stage.focus(); });
    row.insertCell().append(pick);
    const at = row.insertCell();
    at.className = "mono";
    at.textContent = `${mark.u.toFixed(1)}, ${mark.v.toFixed(1)}`;
    const pair = row.insertCell();
    pair.className = "pair";
    pair.append(
      cellInput(mark.x, `x نشانهٔ ${name}`, (value) => { mark.x = value; }),
      cellInput(mark.y, `y نشانهٔ ${name}`, (value) => { mark.y = value; }),
    );
    row.insertCell().append(remover(`برداشتن نشانهٔ ${name}`, () => survey.remove(mark.id)));
    return row;
  }));
  spans.tBodies[0].replaceChildren(...survey.spans.map((each, index) => {
    const row = document.createElement("tr"), name = `فاصلهٔ ${persian(index + 1)}`;
    row.insertCell().append(choice(each.from, `${name}، از`, (id) => { each.from = id; }));
    row.insertCell().append(choice(each.to, `${name}، تا`, (id) => { each.to = id; }));
    row.insertCell().append(cellInput(each.metres, `${name}، متر`, (value) => { each.metres = value; layer.draw(); }));
    const way = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: each.along ? "راستا" : "عرض" });
    way.setAttribute("aria-label", `${name}، جهت`);
    way.addEventListener("click", () => { each.along = !each.along; changed(); });
    row.insertCell().append(way);
    row.insertCell().append(remover(`برداشتن ${name}`, () => survey.spans.splice(index, 1)));
    return row;
  }));
}

// What was fitted no longer belongs to what is measured.
function stale() {
  survey.keep();
  if (!found) return;
  found = null;
  $("outcome").hidden = true;
  layer.grid([]);
}

function changed() {
  stale();
  tables();
  layer.draw();
}

function addSpan(chain) {
  if (!survey.span(chain)) return say("نخست دو نشانه بگذارید.", true);
  say("");
  changed();
  $("span-table").tBodies[0].lastChild.querySelector("input").focus();
}

async function fit() {
  const names = ["tape_relative", "tape_m", "point_m", "mark_px"];
  const sigmas = Object.fromEntries(names.map((name) => [name, number(document.querySelector(`[name=${name}]`).value)]));
  const { body, faults } = survey.measured(sigmas, !$("away").checked);
  if (Object.values(sigmas).some((value) => !(value > 0))) faults.push("دقت‌ها باید بیش از صفر باشند.");
  if (faults.length) return say(faults.join(" "), true);
  $("fit").disabled = true;
  say("در حال برازش…");
  try {
    const { csrf_token } = await api.signedIn();
    const response = await fetch(`/v1/cameras/${encodeURIComponent(camera)}/calibration`, {
      method: "POST", credentials: "same-origin", body: JSON.stringify(body),
      headers: { "X-CSRF-Token": csrf_token, "Content-Type": "application/json" },
    });
    if (response.status === 409) {
      const problem = await response.clone().json();
      if (problem.missing) return say(`این اندازه‌ها صفحهٔ جاده را معلوم نمی‌کنند. لازم است: ${problem.missing.map((each) => MISSING[each] ?? each).join("؛ ")}.`, true);
    }
    answered(await (await api.checked(response)).json());
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.message, true);
  } finally {
    $("fit").disabled = false;
  }
}

function answered(answer) {
  found = answer;
  say("");
  show(found);
  layer.draw(new Set(found.residuals.slice(0, survey.spans.length).flatMap((each, index) => (isOff(each) ? [index] : []))));
  layer.grid(found.grid);
  const text = JSON.stringify(found.next_revision, null, 1);
  URL.revokeObjectURL($("download").href);
  $("download").href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  $("download").download = `${camera}-revision.json`;
  $("outcome").hidden = false;
  $("outcome").scrollIntoView({ block: "nearest" });
}

stage.addEventListener("pointerdown", (event) => {
  const box = stage.getBoundingClientRect(), scale = survey.width / box.width;
  const [u, v] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  const near = survey.marks.find((mark) => Math.hypot(mark.u - u, mark.v - v) < 10 * scale);
  if (near) survey.selected = near.id;
  else survey.add(u, v);
  changed();
});

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const inField = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  const arrow = ARROWS[event.key];
  if (arrow && document.activeElement === stage) {
    const by = event.shiftKey ? 10 : 1;
    survey.nudge(by * arrow[0], by * arrow[1]);
  } else if (inField) {
    if (event.key === "Enter") (event.target.closest("#drives") ? drives?.compare : fit)?.();
    return;
  } else if (event.code === "KeyN") {
    const from = survey.mark(survey.selected);
    survey.add(from ? from.u + survey.width / 20 : survey.width / 2, from?.v ?? survey.height / 2);
    stage.focus();
  } else if (event.code === "BracketLeft" || event.code === "BracketRight") {
    survey.step(event.code === "BracketRight" ? 1 : -1);
    stage.focus();
  } else if (event.key === "Delete" && survey.selected !== null && document.activeElement === stage) survey.remove(survey.selected);
  else if (event.code === "KeyD") { event.preventDefault(); return addSpan(false); }
  else if (event.code === "KeyF") { event.preventDefault(); return fit(); }
  else if (event.code === "KeyT" && drives) { event.preventDefault(); return drives.add(); }
  else return;
  event.preventDefault();
  changed();
});

$("add-span").addEventListener("click", () => addSpan(false));
$("add-chain").addEventListener("click", () => addSpan(true));
$("fit").addEventListener("click", fit);
$("away").addEventListener("change", stale);
document.querySelector(".sigmas").addEventListener("input", stale);
$("show-known")?.addEventListener("change", (event) => { $("known").toggleAttribute("hidden", !event.target.checked); });
$("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(JSON.stringify(found.next_revision, null, 1));
  say("سند رونوشت شد.");
});
$("save-picture").addEventListener("click", async () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await picture(survey, still, found?.grid ?? []));
  link.download = `${camera}-grid.png`;
  link.click();
});
still.addEventListener("error", () => { $("missing").hidden = false; });
still.addEventListener("load", () => layer.draw());
for (const time of document.querySelectorAll("time")) {
  const shown = { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Tehran" };
  time.textContent = new Intl.DateTimeFormat("fa-IR-u-ca-persian", shown).format(new Date(time.dateTime));
}
tables();
layer.draw();
