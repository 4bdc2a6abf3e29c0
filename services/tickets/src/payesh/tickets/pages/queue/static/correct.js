// Correcting a plate, and reading one that another officer corrected: one dialog for both.

import { askNote } from "./notes.js";
import { showMessage } from "./message.js";
import { startPlate, typedPlate, typeKey } from "./plate_editor.js";

const WORDS = {
  correct: ["اصلاح پلاک", "پلاک را چنان که در تصویر می‌خوانید بزنید. تا مأمور دیگری همان را نخواند، صادر نمی‌شود.", "ثبت اصلاح"],
  read: ["خواندن مستقل پلاک", "مأمور دیگری این پلاک را اصلاح کرده است. خوانش او را نمی‌بینید: آنچه خود می‌خوانید بزنید.", "همین را می‌خوانم"],
};
const ANSWERS = {
  drafted: "هر دو یک پلاک خواندید؛ پرونده با آن پلاک به میز برگشت.",
  returned: "خوانش شما با مأمور نخست یکی نبود؛ پرونده نزد سرپرست رفت.",
  rejected: "این تخلف با این پلاک پروندهٔ دیگری دارد؛ به همان پیوست.",
};

const title = document.getElementById("correct-title");
const hint = document.getElementById("correct-hint");
const label = document.getElementById("correct-do");
const picture = document.getElementById("correct-picture");
const thumbs = document.getElementById("correct-shots");
const reasonLine = document.getElementById("correct-reason-line");
const reason = document.getElementById("correct-reason");
const form = reason.form;

let shot = null; // the picture's number; null: there is none, so that it is read from the clip

function pick(number) {
  const all = [...thumbs.children];
  if (!all.length) return;
  shot = (number + all.length) % all.length;
  all.forEach((each, place) => each.setAttribute("aria-pressed", String(place === shot)));
  picture.replaceChildren(all[shot].querySelector("img").cloneNode());
}

function showPictures(detail) {
  shot = null;
  thumbs.replaceChildren(...[...detail.querySelectorAll(".shot")].map((each) => {
    const button = document.createElement("button");
    button.type = "button";
    button.tabIndex = -1;
    button.setAttribute("aria-label", each.getAttribute("aria-label"));
    button.append(each.querySelector("img").cloneNode());
    return button;
  }));
  const still = detail.querySelector(".still");
  picture.replaceChildren(...(still ? [still.cloneNode()] : []));
  pick(0);
}

// `desk`: what the queue does, called from here.
export function correctionActs({ detail, dialog, noteDialog, attempt, post, show, goOn, leave }) {
  const article = () => detail.querySelector(".detail");
  const isReading = () => Boolean(article().dataset.reading);

  function open() {
    const [name, words, act] = WORDS[isReading() ? "read" : "correct"];
    title.textContent = name;
    hint.textContent = words;
    label.textContent = act;
    reasonLine.hidden = isReading();
    reason.value = "";
    showPictures(detail);
    dialog.showModal();
    startPlate(article().dataset.plate);
  }

  async function next() {
    const found = await post("/v1/corrections/next");
    if (found) await show(found.citation_id);
    return Boolean(found);
  }

  async function answered(found) {
    dialog.close();
    noteDialog.close();
    leave(found.citation_id);
    if (!(await next())) await goOn();
    showMessage(ANSWERS[found.state] ?? "ثبت شد.");
  }

  async function give() {
    const id = article().dataset.id;
    const plate = typedPlate();
    if (isReading()) return answered(await post(`/v1/corrections/${id}/read`, { plate }));
    await post(`/v1/citations/${id}/correct-plate`, { plate, reason: reason.value.trim(), shot });
    dialog.close();
    leave(id);
    await goOn();
    showMessage("پلاک اصلاح شد؛ مأمور دیگری باید همان را بخواند.");
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!typedPlate()) return showMessage("پلاک کامل نیست: دو رقم، یک حرف، سه رقم، دو رقم.", true);
    if (!isReading() && typedPlate() === article().dataset.plate) return showMessage("این همان پلاک پیش‌نویس است.", true);
    if (!isReading() && reason.value.trim().length < 3) return void reason.focus();
    attempt(give);
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "PageUp" || event.key === "PageDown") {
      event.preventDefault();
      return pick(shot + (event.key === "PageDown" ? 1 : -1));
    }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !event.target.matches("button")) {
      event.preventDefault();
      return void form.requestSubmit();
    }
    if (event.target !== reason && typeKey(event)) event.preventDefault();
  });
  thumbs.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) pick([...thumbs.children].indexOf(button));
  });

  return {
    "correct-plate": open,
    "next-correction": () => attempt(async () => {
      if (!(await next())) showMessage("پلاک اصلاح‌شده‌ای برای خواندن نیست.");
    }),
    dispute: () => askNote(noteDialog, "dispute", (note) => attempt(async () => {
      answered(await post(`/v1/corrections/${article().dataset.id}/dispute`, { note }));
    })),
  };
}
