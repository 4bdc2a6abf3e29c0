// One line at the foot of the page: what was done, or why it was not.

export const message = document.getElementById("message");

// A number with a hyphen would be turned round in a right-to-left sentence.
export const leftToRight = (text) => `\u2066${text}\u2069`;

export function showMessage(text, isError = false) {
  message.textContent = text;
  message.classList.toggle("error", isError);
  message.hidden = false;
  clearTimeout(showMessage.timer);
  showMessage.timer = setTimeout(() => { message.hidden = true; }, isError ? 7000 : 3500);
}
