// A claim is a lease: it is renewed while the case lies open, and what is left of it is shown.

import { persian } from "./persian.js";

const RENEW_BELOW_S = 120;
const TRY_AGAIN_MS = 5000;
const CLOCK = new Intl.DateTimeFormat("fa-IR", {
  timeZone: "Asia/Tehran", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

// `renew` claims the case that is open and promises it, or returns false where it cannot now.
export function keepLease(detail, renew) {
  let renewing = false;

  function show() {
    const left = detail.querySelector(".left");
    if (!left?.dataset.until) return;
    const until = Date.parse(left.dataset.until);
    const seconds = Math.max(0, Math.round((until - Date.now()) / 1000));
    left.textContent = persian(`(${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")})`);
    if (seconds >= RENEW_BELOW_S || renewing) return;
    const renewed = renew();
    if (!renewed) return;
    renewing = true;
    renewed
      .then((claimed) => {
        left.dataset.until = claimed.claimed_until;
        detail.querySelector(".until").textContent = CLOCK.format(Date.parse(claimed.claimed_until));
      })
      .catch(() => {}) // the page asks what became of the case every few seconds
      .finally(() => { setTimeout(() => { renewing = false; }, TRY_AGAIN_MS); });
  }

  new MutationObserver(show).observe(detail, { childList: true }); // another case is shown
  setInterval(show, 1000);
  show();
}
