// Box, track and measured stretch of the vehicle: lines over the clip, which itself is untouched.
// They come from the evidence's manifest, so what is drawn is what was signed.

import { persian } from "./persian.js";

const NEAR_MS = 40; // a box is drawn over the frame that it was found in, or over none
const EMPTY = { links: [], boxes: [], ground: [], plateAt: null, measuredAt: NaN };

const tehran = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Asia/Tehran", hour: "2-digit", minute: "2-digit", second: "2-digit",
  fractionalSecondDigits: 3, hourCycle: "h23",
});

let shown = EMPTY; // of the clip that is on the page
let isOn = true;

export async function prepareLayer(id, read) {
  shown = EMPTY;
  const svg = shownLayer();
  const shownDetail = document.querySelector("#detail .detail .facts");
  if (!shownDetail) return;
  const manifest = await read(`/v1/citations/${id}/manifest`);
  if (!shownDetail.isConnected) return; // another case is shown already
  drawPlateCrop(manifest);
  if (!svg) return;
  shown = traced(manifest);
  const known = shown.boxes.length > 0;
  svg.closest(".player").classList.toggle("has-layer", known);
  svg.classList.toggle("off", !isOn);
}

// The plate as it was read, cut from its picture and enlarged; nothing where the read names no place.
function drawPlateCrop(manifest) {
  const canvas = document.querySelector("#detail .plate-crop");
  const at = manifest.plate_at;
  const number = manifest.shots.findIndex(({ taken }) => at && taken.frame_at === at.frame_at);
  const picture = number < 0 ? null : document.querySelectorAll("#detail .facts .shot img")[number];
  if (!canvas || !picture) return;
  const { crop_box: crop } = manifest.shots[number].taken;
  const margin = 0.12 * at.box.width_px;
  const width = at.box.width_px + 2 * margin;
  const height = at.box.height_px + 2 * margin;
  canvas.height = Math.round((canvas.width * height) / width);
  const [x, y] = [at.box.x_px - crop.x_px - margin, at.box.y_px - crop.y_px - margin];
  const draw = () => {
    canvas.getContext("2d").drawImage(picture, x, y, width, height, 0, 0, canvas.width, canvas.height);
    canvas.hidden = false;
  };
  picture.loading = "eager";
  if (picture.complete && picture.naturalWidth) draw();
  else picture.addEventListener("load", draw, { once: true });
}

function traced(manifest) {
  const links = manifest.chain.links.slice(manifest.clip.segments_left_out);
  const track = manifest.track ?? { boxes: [], ground: [] };
  const timed = (each) => ({ ...each, at: Date.parse(each.frame_at) });
  return {
    links: links.map((link) => ({ at: Date.parse(link.captured_at), lasts: link.duration_ms })),
    boxes: track.boxes.map(timed),
    ground: track.ground.map(timed),
    plateAt: manifest.plate_at ? timed(manifest.plate_at) : null,
    measuredAt: Date.parse(manifest.captured_at),
  };
}

// Milliseconds since 1970 of a moment of the clip, by the source's clock; NaN without a manifest.
function momentOf(offsetS) {
  let rest = offsetS * 1000;
  for (const [index, link] of shown.links.entries()) {
    if (rest < link.lasts || index === shown.links.length - 1) return link.at + rest;
    rest -= link.lasts;
  }
  return NaN;
}

// Seconds into the clip of the moment of measurement; NaN where it is not known.
export function measuredOffset() {
  let before = 0;
  for (const link of shown.links) {
    if (shown.measuredAt <= link.at + link.lasts) {
      return (before + Math.max(shown.measuredAt - link.at, 0)) / 1000;
    }
    before += link.lasts;
  }
  return shown.links.length ? before / 1000 : NaN;
}

export function toggleLayer() {
  isOn = !isOn;
  shownLayer()?.classList.toggle("off", !isOn);
  return isOn;
}

export function drawFrame(video, offsetS, gapS) {
  const svg = shownLayer();
  if (!svg) return;
  const at = momentOf(offsetS);
  const line = svg.closest(".player").querySelector(".moment");
  const frame = Number.isFinite(gapS) ? `قاب ${persian(Math.round(offsetS / gapS) + 1)} · ` : "";
  line.textContent = Number.isFinite(at) ? `${frame}${persian(tehran.format(at)).replace(".", "٫")}` : "";
  svg.setAttribute("viewBox", `0 0 ${video.videoWidth} ${video.videoHeight}`);
  const [way, measured, vehicle, plate] = svg.children;
  way.setAttribute("points", shown.boxes.map((each) => footOf(each.box).join(",")).join(" "));
  drawMeasured(measured);
  drawBox(vehicle, nearest(shown.boxes, at));
  drawBox(plate, nearest(shown.plateAt ? [shown.plateAt] : [], at));
}

// From where the first to where the last position of the measurement was.
function drawMeasured(line) {
  const ends = [shown.ground.at(0), shown.ground.at(-1)].map((each) => each && nearest(shown.boxes, each.at));
  line.toggleAttribute("hidden", !ends[0] || !ends[1]);
  if (!ends[0] || !ends[1]) return;
  ends.forEach(({ box }, index) => {
    const [x, y] = footOf(box);
    line.setAttribute(`x${index + 1}`, x);
    line.setAttribute(`y${index + 1}`, y);
  });
}

function drawBox(element, found) {
  element.toggleAttribute("hidden", !found);
  if (!found) return;
  for (const [name, value] of [["x", "x_px"], ["y", "y_px"], ["width", "width_px"], ["height", "height_px"]]) {
    element.setAttribute(name, found.box[value]);
  }
}

function nearest(points, at) {
  let found = null;
  for (const each of points) {
    const away = Math.abs(each.at - at);
    if (away <= NEAR_MS && (!found || away < Math.abs(found.at - at))) found = each;
  }
  return found;
}

const footOf = (box) => [box.x_px + box.width_px / 2, box.y_px + box.height_px];
const shownLayer = () => document.querySelector("#detail .player .layer");
