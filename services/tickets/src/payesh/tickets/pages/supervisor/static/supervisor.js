// The supervisor's page: lifting a camera's suspension and setting a hold aside, with the reason.

import { apiOf, Refused } from "./api.js";

const PROBLEMS = {
  "not-found": "این دوربین دیگر تعلیق نیست، یا دوره پایان یافته است.",
  "days-reversed": "روز پایان پیش از روز آغاز است.",
  "too-long": "دورهٔ تذکر بیش از یک سال نمی‌شود.",
  "out-of-bounds": "این دوربین بیرون از محدودهٔ شماست.",
  validation: "شناسه یا روز درست نیست؛ نمونهٔ روز: ۱۴۰۵-۰۹-۰۶.",
  "not-held": "این پیش‌نویس دیگر برای آن نگه داشته نشده است.",
  "not-in-this-state": "دربارهٔ این پیش‌نویس تصمیم گرفته شده است.",
};
// Days may be typed with Persian digits and with slashes.
const asked = (form) => Object.fromEntries([...new FormData(form)].map(([name, value]) => [
  name, name.endsWith("_day") ? asciiDigits(value.trim()).replaceAll("/", "-") : value.trim(),
]));
const asciiDigits = (text) => text.replace(/[۰-۹]/g, (each) => "۰۱۲۳۴۵۶۷۸۹".indexOf(each));
const message = document.getElementById("message");
const { send } = apiOf(PROBLEMS, () => location.assign("/supervisor"));

document.addEventListener("submit", async (event) => {
  const form = event.target.closest(".lift, .aside, .period");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const { camera, citation, kind, period } = form.dataset;
    const note = form.elements.note?.value;
    if (form.matches(".begin-period")) await send("POST", "/v1/warning-periods", asked(form));
    else if (period) await send("POST", `/v1/warning-periods/${period}/end`, { note });
    else if (camera) await send("POST", `/v1/suspensions/${camera}/lift`, { note });
    else await send("POST", `/v1/citations/${citation}/set-hold-aside`, { kind, note });
    location.reload();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    message.textContent = error.message;
    message.classList.add("error");
    message.hidden = false;
    button.disabled = false;
  }
});
