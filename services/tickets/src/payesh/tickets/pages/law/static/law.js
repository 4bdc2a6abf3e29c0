// Editions of the law: what is written here goes through the same API that any client calls.

import { apiOf, Refused } from "./api.js";

const message = document.getElementById("message");
const edition = document.getElementById("edition");
const form = document.getElementById("new");

const PROBLEMS = {
  "edition-changed": "کس دیگری در این میان آن را تغییر داده است؛ صفحه را دوباره باز کنید.",
  "edition-state": "وضعیت این ویرایش چنین کاری را اجازه نمی‌دهد.",
  "second-person": "کسی که در نوشتن دست داشته است تأیید نمی‌کند؛ نفر دومی لازم است.",
  "law-faults": "این پیش‌نویس ایراد دارد؛ نخست آن‌ها را رفع کنید.",
};

function showMessage(text) {
  message.textContent = text;
  message.classList.add("error");
  message.hidden = false;
  clearTimeout(showMessage.timer);
  showMessage.timer = setTimeout(() => { message.hidden = true; }, 9000);
}

const { send } = apiOf(PROBLEMS, () => location.reload());

async function attempt(work) {
  const buttons = [...document.querySelectorAll(".button:not(:disabled)")];
  buttons.forEach((each) => { each.disabled = true; });
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    showMessage(error.message);
  } finally {
    buttons.forEach((each) => { each.disabled = false; });
  }
}

const LATIN = Object.fromEntries([..."۰۱۲۳۴۵۶۷۸۹"].map((digit, value) => [digit, value]));
const latin = (text) => text.trim().replace(/[۰-۹]/g, (digit) => LATIN[digit]);
const NUMBERS = new Set(["over_kmh_above", "over_kmh_to", "amount_rial", "tolerance_kmh",
  "payment_days", "objection_days", "after_decision_days"]);
const DAYS = new Set(["first", "last"]);
const PROSE = new Set(["title", "decree", "note", "reference", "name"]);

function valueOf(input) {
  const name = input.dataset.field;
  const text = PROSE.has(name) ? input.value.trim() : latin(input.value);
  if (name === "code_known" || name === "doubles") return text === "yes";
  if (NUMBERS.has(name)) {
    if (text === "") return null;
    const number = Number(text.replace(/[,٬]/g, ""));
    if (Number.isNaN(number)) {
      input.focus();
      throw new Refused(`«${input.value}» عدد نیست.`);
    }
    return number;
  }
  if (DAYS.has(name)) return text === "" ? null : text.replaceAll("/", "-");
  return text;
}

function written() {
  const texts = Object.fromEntries(
    [...edition.querySelectorAll("[data-text]")].map((each) => [each.dataset.text, each.value.trim()]),
  );
  const { first_day, ...document } = texts;
  document.notes = [...edition.querySelectorAll("#notes li")].map((each) => each.textContent);
  for (const table of edition.querySelectorAll(".edit")) {
    document[table.dataset.kind] = [...table.tBodies[0].rows].map((row) => Object.fromEntries(
      [...row.querySelectorAll("[data-field]")].map((each) => [each.dataset.field, valueOf(each)]),
    ));
  }
  return { first_day: latin(first_day).replaceAll("/", "-"), document };
}

const dirty = () => edition?.querySelector("input.changed, tr.touched") != null;
const path = (step) => `/v1/law/editions/${edition.dataset.id}${step}?revision=${edition.dataset.revision}`;

async function save() {
  await send("PUT", path(""), written());
  edition.querySelectorAll(".changed, .touched").forEach((each) => each.classList.remove("changed", "touched"));
  location.reload();
}

const acts = {
  save,
  async step(name) {
    if (dirty()) throw new Refused("تغییری ذخیره نشده است؛ نخست ذخیره کنید.");
    await send("POST", path(`/${name}`));
    location.reload();
  },
  add(kind) {
    const rows = edition.querySelector(`.edit[data-kind="${kind}"]`).tBodies[0];
    rows.append(edition.querySelector(`template[data-row="${kind}"]`).content.cloneNode(true));
    rows.lastElementChild.querySelector("input").focus();
  },
  remove(button) {
    const table = button.closest("tbody");
    button.closest("tr").remove();
    table.closest("table").tHead.rows[0].classList.add("touched");
  },
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  const act = button.dataset.act;
  if (act === "add") acts.add(button.dataset.kind);
  else if (act === "remove") acts.remove(button);
  else attempt(() => (act === "save" ? acts.save() : acts.step(act)));
});

document.addEventListener("input", (event) => {
  if (event.target.matches("#edition input")) {
    event.target.classList.toggle("changed", event.target.value !== event.target.getAttribute("value"));
  }
});

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "s" && edition?.querySelector('[data-act="save"]')) {
    event.preventDefault();
    attempt(acts.save);
  } else if (event.key === "n" && form && !event.target.matches("input")) {
    event.preventDefault();
    form.requestSubmit();
  }
});

window.addEventListener("beforeunload", (event) => { if (dirty()) event.preventDefault(); });

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const body = { first_day: latin(form.elements.first_day.value).replaceAll("/", "-") };
    const file = form.elements.file.files[0];
    if (file) {
      const kind = file.name.split(".").pop().toLowerCase().replace("yml", "yaml");
      const text = await file.text();
      try {
        body[kind === "json" ? "document" : kind] = kind === "json" ? JSON.parse(text) : text;
      } catch {
        throw new Refused("این فایل JSON نیست.");
      }
    }
    const made = await send("POST", "/v1/law/editions", body);
    location.assign(`/law/editions/${made.edition.edition_id}`);
  });
});
