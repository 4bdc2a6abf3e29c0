// The officers' queue: keys and buttons call the same API that any client calls.

import { apiOf, Refused } from "./api.js";
import { drawFrame, measuredOffset, prepareLayer, toggleLayer } from "./layer.js";
import { correctionActs } from "./correct.js";
import { obeyKeys } from "./keys.js";
import { keepLease } from "./lease.js";
import { leftToRight, message, showMessage } from "./message.js";
import { askNote } from "./notes.js";
import { prepareView, viewActs } from "./view.js";
import { prepareSearch } from "./search.js";
import { prepareClip, seekTo, stepFrame, togglePlay, toggleSlow } from "./player.js";
import { persian } from "./persian.js";
import { PROBLEMS } from "./problems.js";
import { forgetUndo, lastUndoable, offerUndo } from "./undo.js";

const items = document.getElementById("items");
const detail = document.getElementById("detail");
const empty = document.getElementById("empty");
const shown = document.getElementById("shown");
const fresh = document.getElementById("fresh");
const waiting = document.getElementById("waiting");
const corrections = document.getElementById("corrections");
const dialogs = Object.fromEntries(
  ["issue", "reject", "help", "shot", "note", "correct", "search"].map((name) => [name, document.getElementById(`${name}-dialog`)]),
);

let busy = false;

const article = () => detail.querySelector(".detail");
const current = () => article()?.dataset.id ?? null;
const rows = () => [...items.querySelectorAll(".item")];
const row = (id) => rows().find((each) => each.dataset.id === id);
// A draft is claimed as a citation, a plate that another corrected as a correction.
const held = () => `/v1/${article().dataset.reading ? "corrections" : "citations"}/${current()}`;

// Whose session ran out signs in again and comes back here.
const { call, send, signedIn } = apiOf(PROBLEMS, () => {
  location.assign(`/queue${current() ? `/${current()}` : ""}`);
});
const post = (path, body) => send("POST", path, body);

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

const PARTIAL = { headers: { "X-Partial": "1", Accept: "text/html" } };
const fragment = async (path) => (await call(path, PARTIAL)).text();

function markCurrent() {
  for (const each of rows()) {
    if (each.dataset.id === current()) each.setAttribute("aria-current", "true");
    else each.removeAttribute("aria-current");
  }
}

async function show(id, remember = true) {
  detail.innerHTML = await fragment(`/queue/${id}`);
  empty.hidden = true;
  markCurrent();
  row(id)?.scrollIntoView({ block: "nearest" });
  // One line for a screen reader: the article read out at each step would bury its sense.
  const plate = detail.querySelector(".detail-head .plate");
  shown.textContent = [detail.querySelector("h2").textContent, plate?.title].filter(Boolean).join("، ");
  if (remember) history.pushState({ id }, "", `/queue/${id}`);
  detail.scrollTop = 0;
  prepareShownClip();
}

function prepareShownClip() {
  prepareClip(
    () => showMessage("فیلم پخش نشد. مدرک سر جای خود است؛ دوباره بکوشید.", true),
    drawFrame,
  );
  prepareView();
  const read = async (path) => (await call(path)).json();
  prepareLayer(current(), read).catch(() => {}); // without it the clip is as good as before
}

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

// Cases that others took leave the list, and an open one that somebody else changed is shown anew.
async function count() {
  const id = current();
  const asked = id ? `?open=${id}` : "";
  const { claimable, corrections: corrected, queued, open_state, open_is_mine, open_is_priced } = await (await call(`/queue/count${asked}`)).json();
  waiting.textContent = persian(claimable);
  corrections.textContent = persian(corrected);
  corrections.hidden = !corrected;
  const known = new Set(queued);
  for (const each of rows()) if (!known.has(each.dataset.id) && each.dataset.id !== id) each.remove();
  const open = article();
  const dialogOpen = Object.values(dialogs).some((dialog) => dialog.open);
  if (id && id === current() && open_state && !busy && !dialogOpen
    && (open.dataset.state !== open_state || (open.dataset.mine === "yes") !== open_is_mine
      || (open.dataset.priced === "no" && open_is_priced))) {
    detail.innerHTML = await fragment(`/queue/${id}`);
    prepareShownClip();
    showMessage("این پرونده در این میان تغییر کرد.");
  }
  const shown = rows().filter((each) => !each.classList.contains("mine")).length;
  fresh.hidden = claimable <= shown || rows().length >= 50;
  if (claimable > 0 && rows().length === 0 && !current()) await refresh();
}

function step(by) {
  const all = rows();
  const at = all.findIndex((each) => each.dataset.id === current());
  const next = all[at < 0 ? 0 : at + by];
  if (next) attempt(() => show(next.dataset.id));
}

async function decide(body) {
  const id = current();
  const decided = await post(`/v1/${article().dataset.look ? "second-looks" : "citations"}/${id}/decide`, body);
  Object.values(dialogs).forEach((dialog) => dialog.close());
  row(id)?.remove();
  if (!decided) showMessage("نظر شما ثبت شد.");
  else if (decided.state === "decided") offerUndo(decided);
  else showMessage(decided.number ? `صادر شد: شمارهٔ ${leftToRight(persian(decided.number))}` : "رد شد.");
  await goOn();
}

async function undo() {
  const own = detail.querySelector(".actions [data-act=undo]") && current();
  const id = own || lastUndoable();
  if (!id) return showMessage("تصمیمی نیست که بتوان برگرداند.", true);
  forgetUndo(id);
  await post(`/v1/citations/${id}/undo`);
  items.innerHTML = await fragment("/queue");
  await show(id);
  showMessage("تصمیم برگردانده شد؛ پرونده دوباره در دست شماست.");
}

// Return to a supervisor, give back, void: each with words of whoever does it.
const noted = (path, after) => () => askNote(dialogs.note, path, (note) => attempt(async () => {
  const id = current();
  await post(`/v1/citations/${id}/${path}`, { note });
  dialogs.note.close();
  await after(id);
}));

// The service assigns: no two officers are given one case. While one is decided the next is already
// in hand and its page is here.
const STALE_MS = 60_000;
let ahead = null; // promise of { id, html }, or of null when nothing waits

async function assigned() {
  const next = await post("/v1/citations/next", { beside: current() ? [current()] : [] });
  if (!next) return null;
  return { id: next.citation_id, html: await fragment(`/queue/${next.citation_id}`), at: Date.now() };
}

function lookAhead() {
  ahead ??= assigned().catch(() => null);
}

async function goOn() {
  let next = await ahead;
  ahead = null;
  if (!next || Date.now() - next.at > STALE_MS) next = await assigned(); // what is held comes first
  if (!next) {
    showNothing();
    return void await count();
  }
  detail.innerHTML = next.html;
  empty.hidden = true;
  row(next.id)?.classList.add("mine");
  markCurrent();
  history.pushState({ id: next.id }, "", `/queue/${next.id}`);
  detail.scrollTop = 0;
  prepareShownClip();
  lookAhead();
}

keepLease(detail, () => !busy && post(`${held()}/claim`));

const acts = {
  "take-next": () => attempt(goOn),
  claim: () => attempt(async () => {
    const id = current();
    await post(`${held()}/claim`);
    row(id)?.classList.add("mine");
    await show(id, false);
  }),
  release: () => attempt(async () => {
    const id = current();
    await post(`${held()}/release`);
    row(id)?.classList.remove("mine");
    await show(id, false);
  }),
  issue: () => {
    if (article().dataset.priced === "no") return showMessage(PROBLEMS.unpriced, true);
    if (article().dataset.suspended === "yes") return showMessage(PROBLEMS["camera-suspended"], true);
    if (article().dataset.exempt === "yes") return showMessage(PROBLEMS["exempt-vehicle"], true);
    const hold = detail.querySelector("[data-hold]");
    if (hold) return showMessage(PROBLEMS[hold.dataset.hold] ?? PROBLEMS.held, true);
    const shot = detail.querySelector(".shot img, .still");
    const plate = detail.querySelector(".detail-head .plate");
    document.getElementById("issue-shot").replaceChildren(...(shot ? [shot.cloneNode()] : []));
    document.getElementById("issue-plate").replaceChildren(plate.cloneNode(true));
    message.hidden = true;
    dialogs.issue.showModal();
  },
  "confirm-issue": () => attempt(() => decide({ decision: "issue", plate: article().dataset.plate })),
  reject: () => { message.hidden = true; dialogs.reject.showModal(); },
  "confirm-reject": (button) => attempt(() => decide({ decision: "reject", reason: button.dataset.reason })),
  undo: () => attempt(undo),
  "second-look": () => attempt(async () => {
    const next = await post("/v1/second-looks/next");
    if (next) await show(next.citation_id, false);
    else showMessage("چیزی برای بازبینی نیست.");
  }),
  return: noted("return", (id) => {
    row(id)?.remove();
    showMessage("به سرپرست بازگردانده شد.");
    return goOn();
  }),
  "give-back": noted("give-back", (id) => show(id, false)),
  void: noted("void", (id) => show(id, false)),
  ...correctionActs({
    detail, dialog: dialogs.correct, noteDialog: dialogs.note, attempt, post, show, goOn: () => goOn(),
    leave: (id) => row(id)?.remove(),
  }),
  ...prepareSearch(dialogs.search, { fragment, attempt, show: (id) => show(id) }),
  play: togglePlay,
  "frame-back": () => stepFrame(-1),
  "frame-on": () => stepFrame(1),
  slow: () => {
    const isSlow = toggleSlow();
    detail.querySelector("[data-act=slow]")?.setAttribute("aria-pressed", String(isSlow));
  },
  measured: () => seekTo(measuredOffset()),
  layer: () => {
    const isOn = toggleLayer();
    detail.querySelector("[data-act=layer]")?.setAttribute("aria-pressed", String(isOn));
  },
  ...viewActs(detail),
  help: () => dialogs.help.showModal(),
  close: (button) => button.closest("dialog").close(),
  refresh: () => attempt(refresh),
  "sign-out": () => attempt(async () => {
    const next = await ahead; // it would be kept from the others until its lease ran out
    if (next) await post(`/v1/citations/${next.id}/release`).catch(() => {});
    const ended = await post("/sign-out");
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
  const item = event.target.closest(".item");
  if (item && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    attempt(() => show(item.dataset.id));
  }
});

obeyKeys({ acts, dialogs, detail, step, answer: (words) => showMessage(words) });
addEventListener("popstate", () => location.reload());
setInterval(() => { if (!document.hidden && !busy) count().catch(() => {}); }, 4000);
prepareShownClip();
signedIn()
  .then(({ name }) => { if (name) document.getElementById("officer").textContent = name; })
  .catch(() => {});
