// The answer to a fit, in words and figures.

import { figure, row, signed } from "./figures.js";
import { persian } from "./persian.js";

const KINDS = { along: "در راستای جاده", across: "عرضی", point: "نقطه" };

export const isOff = (residual) => Math.abs(residual.difference_m) > 2 * residual.sigma_m;

export function show(found) {
  const facts = [
    ["بلندی دوربین", `${figure(found.camera_height_m, 2)} ± ${figure(found.camera_height_u95_m, 2)} متر`],
    ["طول‌ها (۹۵٪)", `± ${figure(100 * found.length_scale_u95, 2)}٪`],
    ["نقطه‌ها (۹۵٪)", `± ${figure(found.ground_u95_m, 2)} متر`],
    ["ناسازگاری", figure(found.misfit, 2)],
    ["شیب دوربین", `${figure(found.tilt_deg, 1)}°`],
    ["چرخش دوربین", `${signed(found.roll_deg, 1)}°`],
  ];
  document.getElementById("camera-facts").replaceChildren(...facts.map(([name, value]) => {
    const pair = document.createElement("div");
    pair.append(Object.assign(document.createElement("dt"), { textContent: name }), Object.assign(document.createElement("dd"), { textContent: value }));
    return pair;
  }));
  const off = found.residuals.some(isOff);
  const verdict = document.getElementById("verdict");
  verdict.className = `verdict ${off || found.misfit > 1.5 ? "doubtful" : "sound"}`;
  verdict.textContent = off || found.misfit > 1.5
    ? "اندازه‌ها با هم نمی‌خوانند. آنچه نشان‌دار است دوباره اندازه گرفته شود؛ عدم‌قطعیت را بزرگ نکنید."
    : "اندازه‌ها با هم می‌خوانند. بلندی دوربین را با متر بسنجید و شبکه را با خط‌های جاده.";
  document.querySelector("#residuals tbody").replaceChildren(...found.residuals.map((each) => {
    const [kind, order] = each.name.split(" ");
    return row([
      `${KINDS[kind] ?? kind} ${persian(order)}`,
      figure(each.measured_m, 2),
      figure(each.fitted_m, 3),
      signed(each.difference_m, 3) + (isOff(each) ? " ← دوباره" : ""),
    ], isOff(each) ? "off" : "");
  }));
}
