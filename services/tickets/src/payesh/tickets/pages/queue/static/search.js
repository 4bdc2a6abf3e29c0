// Finding a case by its number, plate, camera or days, and one's own earlier ones.

export function prepareSearch(dialog, { fragment, attempt, show }) {
  const form = dialog.querySelector("form");
  const found = dialog.querySelector("#search-found");
  const look = () => attempt(async () => {
    const asked = new URLSearchParams(new FormData(form));
    found.innerHTML = await fragment(`/queue/search?${asked}`);
    found.querySelector("a")?.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    look();
  });
  found.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const all = [...found.querySelectorAll("a")];
    all[all.indexOf(document.activeElement) + by]?.focus();
  });
  found.addEventListener("click", (event) => {
    const link = event.target.closest("[data-found]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    dialog.close();
    attempt(() => show(link.dataset.found));
  });
  return {
    search: () => {
      dialog.showModal();
      form.elements.q.select();
    },
    "own-history": () => {
      form.reset();
      form.elements.mine.checked = true;
      dialog.showModal();
      look();
    },
  };
}
