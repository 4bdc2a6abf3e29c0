// Drives of known speed: written by hand, compared by the service with the passages that show them.

import { Refused } from "./api.js";
import { figure, row, signed } from "./figures.js";
import { persian } from "./persian.js";
import { LATIN, number } from "./survey.js";

const LOST = {
  none: "در این زمان خودرویی ثبت نشده است",
  several: "بیش از یک خودرو در این زمان؛ زمان یا خط را دقیق‌تر بنویسید",
  no_speed: "خودرو دیده شده، ولی سرعتی ندارد",
  other_revision: "زیر نسخهٔ دیگری از پیکربندی سنجیده شده است",
};
const CLOCK = /^([01]?\d|2[0-3]):([0-5]\d):([0-5]\d(?:\.\d)?)$/;
const ASKED = 10;
const FIELDS = [
  ["time", "زمان", "08:15:30"],
  ["speed", "سرعت مرجع، کیلومتر بر ساعت", ""],
  ["u95", "عدم‌قطعیت مرجع", ""],
  ["lane", "خط", ""],
];
const $ = (id) => document.getElementById(id);

// Passages are kept for some days: the day is one of the last, in Tehran, as a Gregorian date.
function lastDays(select) {
  const names = new Intl.DateTimeFormat("fa-IR-u-ca-persian", { weekday: "long", day: "numeric", month: "long", timeZone: "Asia/Tehran" });
  const dates = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Tehran" });
  for (let back = 0; back < 7; back += 1) {
    const day = new Date(Date.now() - back * 86_400_000);
    select.add(new Option(names.format(day), dates.format(day)));
  }
}

// Null where the page has no such part: the revision in force has no calibration.
export function driveRows(api, camera, say) {
  if (!$("drive-table")) return null;
  const key = `drives ${camera}`, table = $("drive-table"), day = $("drive-day");
  let drives = [];
  try { drives = JSON.parse(sessionStorage.getItem(key) ?? "[]"); } catch { /* begun anew */ }
  lastDays(day);

  function stale() {
    sessionStorage.setItem(key, JSON.stringify(drives));
    $("drive-outcome").hidden = true;
    $("compare").disabled = !drives.length;
  }

  function draw() {
    table.hidden = !drives.length;
    table.tBodies[0].replaceChildren(...drives.map((drive, index) => {
      const made = document.createElement("tr"), name = `گذر ${persian(index + 1)}`;
      for (const [field, label, placeholder] of FIELDS) {
        const input = Object.assign(document.createElement("input"), { value: drive[field], dir: "ltr", placeholder });
        if (field !== "lane") input.inputMode = "decimal";
        input.setAttribute("aria-label", `${name}، ${label}`);
        input.addEventListener("input", () => { drive[field] = input.value; stale(); });
        made.insertCell().append(input);
      }
      const remove = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: "✕" });
      remove.setAttribute("aria-label", `برداشتن ${name}`);
      remove.addEventListener("click", () => { drives.splice(index, 1); stale(); draw(); });
      made.insertCell().append(remove);
      return made;
    }));
  }

  function add() {
    const last = drives.at(-1);
    drives.push({ time: "", speed: "", u95: last?.u95 ?? "0.5", lane: last?.lane ?? "" });
    stale();
    draw();
    table.tBodies[0].lastChild.querySelector("input").focus();
  }

  function stated(drive) {
    const clock = CLOCK.exec(LATIN(drive.time)), speed = number(drive.speed), u95 = number(drive.u95);
    if (!clock || !(speed > 0) || !(u95 > 0)) return null;
    const [hours, minutes, seconds] = clock.slice(1);
    // Tehran keeps one offset all the year since 2022.
    const at = new Date(`${day.value}T${hours.padStart(2, "0")}:${minutes}:${seconds.padEnd(4, ".0")}+03:30`);
    return { at: at.toISOString(), known_kmh: speed, known_u95_kmh: u95, lane: drive.lane.trim() || null };
  }

  async function compare() {
    const asked = drives.map(stated);
    if (!asked.length) return;
    if (asked.includes(null)) return say("هر گذر زمان (مانند ۰۸:۱۵:۳۰)، سرعت و عدم‌قطعیت می‌خواهد.", true);
    $("compare").disabled = true;
    say("در حال سنجش…");
    try {
      answered(await api.send("POST", `/v1/cameras/${encodeURIComponent(camera)}/drives`, { drives: asked }));
      say("");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      say(error.message, true);
    } finally {
      $("compare").disabled = false;
    }
  }

  $("add-drive").addEventListener("click", add);
  $("compare").addEventListener("click", compare);
  day.addEventListener("change", stale);
  stale();
  draw();
  return { add, compare };
}

function answered(found) {
  const measured = found.drives.filter((each) => each.found === "one");
  $("drive-residuals").tBodies[0].replaceChildren(...found.drives.map((each, index) => {
    const known = figure(each.known_kmh, 1);
    if (each.found !== "one") {
      const made = row([persian(index + 1), known, LOST[each.found] ?? each.found], "lost");
      made.lastChild.colSpan = 3;
      return made;
    }
    const camera = `${figure(each.measured_kmh, 1)} ± ${figure(each.measured_u95_kmh, 1)}`;
    const off = Math.abs(each.e_n) > 1;
    return row([persian(index + 1), known, camera, signed(each.error_kmh, 2), signed(each.e_n, 2)], off ? "off" : "");
  }));
  const share = (value) => (value === null ? "—" : `± ${figure(100 * value, 2)}٪`);
  const facts = [
    ["دوربین به مرجع (میانه)", found.median_ratio === null ? "—" : figure(found.median_ratio, 4)],
    ["طول‌ها در این نسخه (۹۵٪)", share(found.length_scale_u95)],
    ["پیشنهاد length_scale_u95", share(found.suggested_length_scale_u95)],
  ];
  $("drive-facts").replaceChildren(...facts.map(([name, value]) => {
    const pair = document.createElement("div");
    pair.append(Object.assign(document.createElement("dt"), { textContent: name }), Object.assign(document.createElement("dd"), { textContent: value }));
    return pair;
  }));
  const verdict = $("drive-verdict");
  const few = measured.length < ASKED ? ` تنها ${persian(measured.length)} گذر سنجیده شد؛ دست‌کم ${persian(ASKED)} گذر لازم است.` : "";
  const wider = found.suggested_length_scale_u95 > found.length_scale_u95;
  const sound = found.agrees && !few && !wider;
  verdict.className = `verdict ${sound ? "sound" : "doubtful"}`;
  if (found.agrees === null) verdict.textContent = "هیچ گذری سنجیده نشد.";
  else if (!found.agrees) verdict.textContent = `دوربین و مرجع با هم نمی‌خوانند. دلیل را بیابید؛ عدم‌قطعیت را تنها برای خواندن بزرگ نکنید.${few}`;
  else verdict.textContent = `بازه‌های دوربین و مرجع با هم می‌خوانند.${wider ? " ولی خطای میانگین از عدم‌قطعیت طول‌ها در این نسخه بیشتر است." : ""}${few}`;
  $("drive-outcome").hidden = false;
  $("drive-outcome").scrollIntoView({ block: "nearest" });
}
