// By key position, so that the keys work under a Persian keyboard layout too.
const KEYS = { KeyJ: "next", KeyK: "previous", KeyC: "claim", KeyN: "take-next", KeyI: "issue", KeyR: "reject", KeyP: "correct-plate", KeyQ: "next-correction", KeyX: "dispute", KeyU: "release", KeyG: "refresh", KeyZ: "undo", KeyT: "return", KeyB: "give-back", KeyV: "void", KeyY: "second-look", KeyS: "slow", KeyM: "measured", KeyL: "layer", Comma: "frame-back", Period: "frame-on" };
const ANYWHERE = new Set(["refresh", "take-next", "undo", "second-look", "next-correction"]);

export function obeyKeys({ acts, dialogs, detail, step }) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (dialogs.reject.open) {
      const choice = event.code.match(/^(?:Digit|Numpad)([1-9])$/);
      if (choice) dialogs.reject.querySelectorAll("[data-reason]")[choice[1] - 1]?.click();
      return;
    }
    if (Object.values(dialogs).some((dialog) => dialog.open)) return;
    if (event.key === "?" || event.key === "؟") return void acts.help();
    if (event.code === "Space" && event.target.tagName !== "BUTTON") {
      event.preventDefault();
      return void acts.play();
    }
    const act = KEYS[event.code];
    if (act === "next") return step(1);
    if (act === "previous") return step(-1);
    if (!act) return;
    event.preventDefault(); // else the key that opens a field is typed into it
    // Only what the page offers now: a key must not do what no button does.
    if (ANYWHERE.has(act)) acts[act]();
    else detail.querySelector(`[data-act="${act}"]`)?.click();
  });
}
