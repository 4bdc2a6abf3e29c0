// The administration: each form calls a route of the API; what is shown once is shown in a dialog.

import { apiOf, Refused } from "./api.js";

const PROBLEMS = {
  "username-taken": "این نام کاربری گرفته شده است.",
  "agency-exists": "دستگاهی با این شناسه هست.",
  "client-exists": "برنامه‌ای با این شناسه هست.",
  "weak-password": "این گذرواژه را می‌توان حدس زد؛ گذرواژه‌ای درازتر بگذارید یا «بساز» را بزنید.",
  "wider-than-own": "بیش از آنچه خود دارید نمی‌توانید بدهید.",
  "own-account": "دسترسی حساب خود شما را مدیر دیگری تغییر می‌دهد.",
  "own-agency": "دستگاه خود شما را مدیر دستگاه دیگری غیرفعال می‌کند.",
  "other-agency": "آن دستگاه به شما سپرده نشده است.",
  "unknown-agency": "چنین دستگاهی نیست یا غیرفعال است.",
  "unknown-county": "چنین شهرستانی در این سامانه نیست.",
  "declared-client": "رمز این برنامه از پروندهٔ استقرار می‌آید؛ همان‌جا عوضش کنید.",
  "rotation-pending": "کلید تازه‌ای هنوز در راه است؛ کمی بعد دوباره بکوشید.",
  "second-person": "نفر دومی باید تأیید کند.",
  "changed-meanwhile": "در این میان تغییر کرده است؛ صفحه را دوباره باز کنید.",
  "person-required": "این کار را کاربری می‌کند که با نام خود وارد شده است.",
  disabled: "حساب، دستگاه یا این صفحه‌ها غیرفعال شده است.",
};
const WHEN = new Intl.DateTimeFormat("fa-IR", {
  timeZone: "Asia/Tehran", year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit",
});

const message = document.getElementById("message");
const sure = document.getElementById("sure");
const once = document.getElementById("once");
const here = () => `${location.pathname}${location.search}`;
const { send } = apiOf(PROBLEMS, () => location.assign(here()), "/administration/session");

for (const time of document.querySelectorAll("time")) time.textContent = WHEN.format(Date.parse(time.dateTime));

// A group of boxes is a list, and "*" alone where everything is ticked; lines of a text are a list.
function bodyOf(form) {
  const body = JSON.parse(form.dataset.body ?? "{}");
  for (const each of form.elements) {
    if (!each.name) continue;
    if (each.type === "checkbox") {
      body[each.name] ??= [];
      if (each.checked) body[each.name].push(each.value);
    } else if ("lines" in each.dataset) {
      body[each.name] = each.value.split("\n").map((line) => line.trim()).filter(Boolean);
    } else {
      body[each.name] = each.value.trim();
    }
  }
  if (body.counties?.includes("*")) body.counties = "*";
  if (body.client_id) body.grants = [body.redirect_uris.length ? "authorization_code" : "client_credentials"];
  return body;
}

const closed = (dialog) => new Promise((done) => { dialog.addEventListener("close", done, { once: true }); });

async function confirmed(text) {
  document.getElementById("sure-text").textContent = text;
  sure.returnValue = "";
  sure.showModal();
  await closed(sure);
  return sure.returnValue === "yes";
}

async function showOnce(form, body, answer) {
  document.getElementById("once-title").textContent = form.dataset.once;
  document.getElementById("once-hint").textContent = form.dataset.hint;
  document.getElementById("once-secret").textContent = answer[form.dataset.onceAnswer] ?? body[form.dataset.onceField];
  once.showModal();
  document.getElementById("once-done").focus();
  await closed(once);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.path) return;
  event.preventDefault();
  message.hidden = true;
  if (form.dataset.sure && !await confirmed(form.dataset.sure)) return;
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  try {
    const body = bodyOf(form);
    const answer = await send(form.dataset.method, form.dataset.path, body);
    if (form.dataset.once) await showOnce(form, body, answer);
    location.reload();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    message.textContent = error.message;
    message.hidden = false;
    button.disabled = false;
  }
});

// 144 random bits, as `payesh-access person add` draws them.
function makePassword(input) {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  input.value = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

document.addEventListener("click", (event) => {
  const made = event.target.closest("[data-act=make-password]");
  if (made) makePassword(made.parentElement.querySelector("input"));
});
document.getElementById("sure-yes").addEventListener("click", () => sure.close("yes"));
document.getElementById("sure-no").addEventListener("click", () => sure.close());
document.getElementById("once-done").addEventListener("click", () => once.close());

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || sure.open || once.open) return;
  if (event.target.matches("input:not([type=checkbox]), select, textarea")) return;
  const place = event.code.match(/^Digit([1-4])$/);
  if (place) return void document.querySelectorAll(".bar nav a")[place[1] - 1]?.click();
  const fresh = document.getElementById("new");
  if (event.code !== "KeyN" || !fresh) return;
  event.preventDefault();
  fresh.open = true;
  fresh.querySelector("input").focus();
});
