// The supervisor's page: lifting a camera's suspension, with the reason.

import { apiOf, Refused } from "./api.js";

const PROBLEMS = { "not-found": "این دوربین دیگر تعلیق نیست." };
const message = document.getElementById("message");
const { send } = apiOf(PROBLEMS, () => location.assign("/supervisor"));

document.addEventListener("submit", async (event) => {
  const form = event.target.closest(".lift");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    await send("POST", `/v1/suspensions/${form.dataset.camera}/lift`, { note: form.note.value });
    location.reload();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    message.textContent = error.message;
    message.classList.add("error");
    message.hidden = false;
    button.disabled = false;
  }
});
