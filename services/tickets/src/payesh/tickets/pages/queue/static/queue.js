// The officers' queue: keys and buttons call the same API that any client calls.

import { prepareClip, stepFrame, togglePlay, toggleSlow } from "./player.js";
import { persian } from "./persian.js";

const items = document.getElementById("items");
const detail = document.getElementById("detail");
const empty = document.getElementById("empty");
const message = document.getElementById("message");
const shown = document.getElementById("shown");
const fresh = document.getElementById("fresh");
const waiting = document.getElementById("waiting");
const dialogs = Object.fromEntries(
  ["issue", "reject", "help", "shot"].map((name) => [name, document.getElementById(`${name}-dialog`)]),
);

const PROBLEMS = {
  "claimed-by-another": "مأمور دیگری این پرونده را برداشته است.",
  "already-decided": "دربارهٔ این پرونده پیش‌تر تصمیم گرفته شده است.",
  "changed-meanwhile": "این پرونده در این میان تغییر کرد؛ دوباره بازش کنید.",
  "claim-required": "مهلت شما گذشته است؛ پرونده را دوباره بردارید.",
  "plate-differs": "پلاک با پیش‌نویس یکی نیست؛ با دلیل «پلاک نادرست» رد کنید.",
  "out-of-bounds": "این پرونده بیرون از محدودهٔ شماست.",
  "missing-scope": "شما اجازهٔ این کار را ندارید.",
  "not-found": "این پرونده یافت نشد.",
  unavailable: "سامانه موقتاً در دسترس نیست؛ چیزی از دست نرفته است. کمی بعد دوباره بکوشید.",
};

let session = null; // who is signed in, and the CSRF token
let busy = false;

// A number with a hyphen would be turned round in a right-to-left sentence.
const leftToRight = (text) => `\u2066${text}\u2069`;
const article = () => detail.querySelector(".detail");
const current = () => article()?.dataset.id ?? null;
const rows = () => [...items.querySelectorAll(".item")];

function showMessage(text, isError = false) {
  message.textContent = text;
  message.classList.toggle("error", isError);
  message.hidden = false;
  clearTimeout(showMessage.timer);
  showMessage.timer = setTimeout(() => { message.hidden = true; }, isError ? 7000 : 3500);
}

class Refused extends Error {}

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch {
    throw new Refused("ارتباط با سامانه برقرار نیست.");
  }
  if (response.status === 401) { // the session ran out: sign in again and come back here
    location.assign(`/queue${current() ? `/${current()}` : ""}`);
    throw new Refused("باید دوباره وارد شوید.");
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    const kind = String(problem.type ?? "").split(":").pop();
    throw new Refused(PROBLEMS[kind] ?? `درخواست پذیرفته نشد (${persian(response.status)}).`);
  }
  return response;
}

async function csrf() {
  session ??= await (await call("/sign-in/session")).json();
  return session.csrf_token;
}

async function post(path, body) {
  const headers = { "X-CSRF-Token": await csrf(), "Content-Type": "application/json" };
  return (await call(path, { method: "POST", headers, body: JSON.stringify(body ?? {}) })).json();
}

async function attempt(work) {
  if (busy) return;
  busy = true;
  document.querySelectorAll(".actions .button, .dialog .button").forEach((b) => { b.disabled = true; });
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    showMessage(error.message, true);
    Object.values(dialogs).forEach((dialog) => dialog.close());
    if (current()) await show(current(), false).catch(() => {});
  } finally {
    busy = false;
    document.querySelectorAll(".actions .button, .dialog .button").forEach((b) => { b.disabled = false; });
  }
}

async function fragment(path) {
  return (await call(path, { headers: { "X-Partial": "1", Accept: "text/html" } })).text();
}

function markCurrent() {
  for (const row of rows()) {
    if (row.dataset.id === current()) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

async function show(id, remember = true) {
  detail.innerHTML = await fragment(`/queue/${id}`);
  empty.hidden = true;
  markCurrent();
  rows().find((row) => row.dataset.id === id)?.scrollIntoView({ block: "nearest" });
  // One line for a screen reader: the article read out at each step would bury its sense.
  const plate = detail.querySelector(".detail-head .plate");
  shown.textContent = [detail.querySelector("h2").textContent, plate?.title].filter(Boolean).join("، ");
  if (remember) history.pushState({ id }, "", `/queue/${id}`);
  detail.scrollTop = 0;
  prepareShownClip();
}

const prepareShownClip = () => prepareClip(
  () => showMessage("فیلم پخش نشد. مدرک سر جای خود است؛ دوباره بکوشید.", true),
);

function showNothing() {
  detail.innerHTML = "";
  empty.hidden = false;
  history.pushState({}, "", "/queue");
}

async function refresh() {
  items.innerHTML = await fragment("/queue");
  fresh.hidden = true;
  markCurrent();
  await count();
  if (!current() && rows().length) await show(rows()[0].dataset.id);
}

async function count() {
  const { claimable } = await (await call("/queue/count")).json();
  waiting.textContent = persian(claimable);
  const shown = rows().filter((row) => !row.classList.contains("mine")).length;
  fresh.hidden = claimable <= shown || rows().length >= 50;
  if (claimable > 0 && rows().length === 0 && !current()) await refresh();
}

function step(by) {
  const all = rows();
  const at = all.findIndex((row) => row.dataset.id === current());
  const next = all[at < 0 ? 0 : at + by];
  if (next) attempt(() => show(next.dataset.id));
}

async function decide(body) {
  const id = current();
  const decided = await post(`/v1/citations/${id}/decide`, body);
  Object.values(dialogs).forEach((dialog) => dialog.close());
  const all = rows();
  const at = all.findIndex((row) => row.dataset.id === id);
  const next = all[at + 1] ?? all[at - 1];
  all[at]?.remove();
  showMessage(decided.number ? `صادر شد: شمارهٔ ${leftToRight(persian(decided.number))}` : "رد شد.");
  if (next) await show(next.dataset.id);
  else showNothing();
  await count();
}

const acts = {
  claim: () => attempt(async () => {
    const id = current();
    await post(`/v1/citations/${id}/claim`);
    rows().find((row) => row.dataset.id === id)?.classList.add("mine");
    await show(id, false);
  }),
  release: () => attempt(async () => {
    const id = current();
    await post(`/v1/citations/${id}/release`);
    rows().find((row) => row.dataset.id === id)?.classList.remove("mine");
    await show(id, false);
  }),
  issue: () => {
    const shot = detail.querySelector(".shot img, .still");
    const plate = detail.querySelector(".detail-head .plate");
    document.getElementById("issue-shot").replaceChildren(...(shot ? [shot.cloneNode()] : []));
    document.getElementById("issue-plate").replaceChildren(plate.cloneNode(true));
    message.hidden = true;
    dialogs.issue.showModal();
  },
  "confirm-issue": () => attempt(() => decide({ decision: "issue", plate: article().dataset.plate })),
  reject: () => {
    message.hidden = true;
    dialogs.reject.showModal();
  },
  "confirm-reject": (button) => attempt(() => decide({ decision: "reject", reason: button.dataset.reason })),
  play: togglePlay,
  "frame-back": () => stepFrame(-1),
  "frame-on": () => stepFrame(1),
  slow: () => {
    const isSlow = toggleSlow();
    detail.querySelector("[data-act=slow]")?.setAttribute("aria-pressed", String(isSlow));
  },
  help: () => dialogs.help.showModal(),
  close: (button) => button.closest("dialog").close(),
  refresh: () => attempt(refresh),
  "sign-out": () => attempt(async () => {
    const headers = { "X-CSRF-Token": await csrf() };
    const ended = await (await call("/sign-out", { method: "POST", headers })).json();
    location.assign(ended.continue_at); // else access would let the next person in unasked
  }),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button) return void acts[button.dataset.act](button);
  const shot = event.target.closest("[data-shot]");
  if (shot) {
    document.getElementById("shot-large").src = shot.dataset.shot;
    return void dialogs.shot.showModal();
  }
  if (event.target.closest("#shot-dialog")) return void dialogs.shot.close();
  const row = event.target.closest(".item");
  if (row && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    attempt(() => show(row.dataset.id));
  }
});

// By key position, so that the keys work under a Persian keyboard layout too.
const KEYS = { KeyJ: "next", KeyK: "previous", KeyC: "claim", KeyI: "issue", KeyR: "reject", KeyU: "release", KeyG: "refresh", KeyS: "slow", Comma: "frame-back", Period: "frame-on" };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (dialogs.reject.open) {
    const choice = event.code.match(/^(?:Digit|Numpad)([1-9])$/);
    if (choice) dialogs.reject.querySelectorAll("[data-reason]")[choice[1] - 1]?.click();
    return;
  }
  if (dialogs.issue.open || dialogs.help.open || dialogs.shot.open) return;
  if (event.key === "?" || event.key === "؟") return void acts.help();
  if (event.code === "Space" && event.target.tagName !== "BUTTON") {
    event.preventDefault();
    return void acts.play();
  }
  const act = KEYS[event.code];
  if (act === "next") return step(1);
  if (act === "previous") return step(-1);
  if (act === "refresh") return void acts.refresh();
  // Only what the page offers now: a key must not do what no button does.
  if (act) detail.querySelector(`[data-act="${act}"]`)?.click();
});

addEventListener("popstate", () => location.reload());
setInterval(() => { if (!document.hidden && !busy) count().catch(() => {}); }, 4000);
prepareShownClip();
csrf()
  .then(() => { if (session.name) document.getElementById("officer").textContent = session.name; })
  .catch(() => {});
