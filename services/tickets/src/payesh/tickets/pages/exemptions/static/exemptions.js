// Exempt vehicles: proposing, approving, refusing, ending, and setting aside for one draft.

import { apiOf, Refused } from "./api.js";

const PROBLEMS = {
  "days-reversed": "روز پایان پیش از روز آغاز است.",
  "too-long": "معافیت بیش از یک سال نمی‌شود؛ پس از آن دوباره پیشنهاد کنید.",
  "second-person": "کسی که پیشنهاد کرده است تأیید نمی‌کند؛ نفر دومی لازم است.",
  "exemption-over": "آخرین روز این معافیت گذشته است.",
  "exemption-state": "وضعیت این معافیت تغییر کرده است؛ صفحه را دوباره باز کنید.",
  "not-exempt": "این پیش‌نویس دیگر نگه داشته نشده است.",
  "not-in-this-state": "دربارهٔ این پیش‌نویس تصمیم گرفته شده است.",
  "out-of-bounds": "بیرون از محدودهٔ شماست.",
  unprocessable: "پلاک درست نیست: دو رقم، یک حرف، پنج رقم.",
};

const message = document.getElementById("message");
const proposal = document.getElementById("propose");
const { send } = apiOf(PROBLEMS, () => location.assign("/exemptions"));

const LATIN = Object.fromEntries([..."۰۱۲۳۴۵۶۷۸۹"].map((digit, value) => [digit, value]));
const dayOf = (text) => text.trim().replace(/[۰-۹]/g, (digit) => LATIN[digit]).replaceAll("/", "-");

function proposed() {
  const body = Object.fromEntries([...new FormData(proposal)].filter(([, value]) => value !== ""));
  return { ...body, first_day: dayOf(body.first_day), last_day: dayOf(body.last_day) };
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    if (form === proposal) await send("POST", "/v1/exemptions", proposed());
    else await send("POST", form.dataset.path, form.note ? { note: form.note.value } : {});
    location.reload();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    message.textContent = error.message;
    message.classList.add("error");
    message.hidden = false;
    button.disabled = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "n" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (proposal === null || event.target.matches("input, select")) return;
  event.preventDefault();
  proposal.elements.plate.focus();
});
