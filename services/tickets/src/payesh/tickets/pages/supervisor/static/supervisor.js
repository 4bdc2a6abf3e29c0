// The supervisor's page: lifting a camera's suspension and setting a hold aside, with the reason.

import { apiOf, Refused } from "./api.js";

const PROBLEMS = {
  "not-found": "این دوربین دیگر تعلیق نیست.",
  "not-held": "این پیش‌نویس دیگر برای آن نگه داشته نشده است.",
  "not-in-this-state": "دربارهٔ این پیش‌نویس تصمیم گرفته شده است.",
};
const message = document.getElementById("message");
const { send } = apiOf(PROBLEMS, () => location.assign("/supervisor"));

document.addEventListener("submit", async (event) => {
  const form = event.target.closest(".lift, .aside");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const { camera, citation, kind } = form.dataset;
    const note = form.note.value;
    if (camera) await send("POST", `/v1/suspensions/${camera}/lift`, { note });
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
