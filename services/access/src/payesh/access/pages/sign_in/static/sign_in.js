// Without scripts the button stays hidden and the page works all the same.
const reveal = document.getElementById("reveal");
const password = document.getElementById("password");
if (reveal && password) {
  reveal.hidden = false;
  reveal.addEventListener("click", () => {
    const shown = password.type === "password";
    password.type = shown ? "text" : "password";
    const words = shown ? reveal.dataset.hide : reveal.dataset.show;
    reveal.setAttribute("aria-pressed", String(shown));
    reveal.setAttribute("aria-label", words);
    reveal.title = words;
    password.focus();
  });
}
