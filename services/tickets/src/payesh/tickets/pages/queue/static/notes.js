// Asks for the words that go with a step: why a draft is returned, what is answered, why it is void.

const KINDS = {
  return: ["بازگرداندن به سرپرست", "چرا؟ سرپرست این را می‌خواند و پاسخ می‌دهد.", "بازگردان"],
  dispute: ["پلاک خوانا نیست", "چرا پلاکی نمی‌خوانید؟ پرونده نزد سرپرست می‌رود.", "به سرپرست بده"],
  "give-back": ["پاسخ به مأمور", "پاسخ شما؛ پرونده نخست به همان مأمور می‌رسد.", "برگردان به میز"],
  void: ["ابطال اخطاریه", "دلیل ابطال. شماره‌اش دیگر به کار نمی‌رود.", "باطل کن"],
};

const field = document.getElementById("note-text");
let give = null; // what is done with the words of the dialog that is open

// `done` is called with the words when they are given.
export function askNote(dialog, kind, done) {
  const [title, hint, label] = KINDS[kind];
  document.getElementById("note-title").textContent = title;
  document.getElementById("note-hint").textContent = hint;
  document.getElementById("note-do").textContent = label;
  field.value = "";
  give = done;
  dialog.showModal();
  field.focus();
}

field.form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (field.value.trim().length >= 3) give?.(field.value.trim());
});
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  field.form.requestSubmit();
});
