// By key position, so that the keys work under a Persian keyboard layout too.
const KEYS = { KeyJ: "next", KeyK: "previous", KeyC: "claim", KeyN: "take-next", KeyI: "issue", KeyR: "reject", KeyP: "correct-plate", KeyQ: "next-correction", KeyX: "dispute", KeyU: "release", KeyG: "refresh", KeyZ: "undo", KeyT: "return", KeyB: "give-back", KeyV: "void", KeyY: "second-look", KeyS: "slow", KeyM: "measured", KeyL: "layer", KeyH: "view", KeyF: "search", KeyW: "own-history", Comma: "frame-back", Period: "frame-on", Equal: "zoom-in", NumpadAdd: "zoom-in", Minus: "zoom-out", NumpadSubtract: "zoom-out", BracketRight: "lighter", BracketLeft: "darker", Digit0: "view-reset", Numpad0: "view-reset" };
const ANYWHERE = new Set(["refresh", "take-next", "undo", "second-look", "next-correction", "search", "own-history", "zoom-in", "zoom-out", "lighter", "darker", "view-reset"]);
// Keys of which a person expects nothing, or what the browser does with them.
const SILENT = /^(?:Shift|Control|Alt|Meta|Tab|Escape|Enter|CapsLock|Arrow|Page|Home|End|F\d|NumLock|ContextMenu|Audio|Media)/;

export function obeyKeys({ acts, dialogs, detail, step, answer }) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (dialogs.reject.open) {
      const choice = event.code.match(/^(?:Digit|Numpad)([1-9])$/);
      if (!choice) return;
      const button = dialogs.reject.querySelectorAll("[data-reason]")[choice[1] - 1];
      return void (button ? button.click() : answer(`دلیلی با این شماره نیست.`));
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
    if (!act) {
      const isBrowsers = SILENT.test(event.key) || (event.code === "Space" && event.target.tagName === "BUTTON");
      return void (isBrowsers || answer("این کلید کاری ندارد؛ راهنمای کلیدها: ؟"));
    }
    event.preventDefault(); // else the key that opens a field is typed into it
    // Only what the page offers now: a key must not do what no button does.
    if (ANYWHERE.has(act)) return void acts[act]();
    const button = detail.querySelector(`[data-act="${act}"]`);
    if (button && button.checkVisibility()) button.click();
    else answer(UNAVAILABLE[act] ?? "این کار برای این پرونده ممکن نیست.");
  });
}

const UNAVAILABLE = {
  claim: "این پرونده برداشتنی نیست: در دست کسی است یا تصمیم آن گرفته شده است.",
  issue: "پیش از صدور، پرونده را با C بردارید؛ اگر در دست دیگری یا تمام‌شده است، صادر نمی‌شود.",
  reject: "پیش از رد، پرونده را با C بردارید؛ اگر در دست دیگری یا تمام‌شده است، رد نمی‌شود.",
  "correct-plate": "پیش از اصلاح پلاک، پرونده را با C بردارید.",
  release: "این پرونده در دست شما نیست.",
  return: "پیش از بازگرداندن، پرونده را با C بردارید.",
  slow: "این پرونده فیلمی ندارد که پخش شود.",
  "frame-back": "این پرونده فیلمی ندارد که پخش شود.",
  "frame-on": "این پرونده فیلمی ندارد که پخش شود.",
  view: "این پرونده فیلمی ندارد که پخش شود.",
  measured: "جای خودرو در این فیلم ثبت نشده است.",
  layer: "جای خودرو در این فیلم ثبت نشده است.",
};
