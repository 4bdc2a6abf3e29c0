// What is drawn over the still: marks, distances, the grid; and the loupe at the selected mark.

import { persian } from "./persian.js";

const SVG = "http://www.w3.org/2000/svg";

function shape(parent, name, attributes, text) {
  const made = parent.appendChild(document.createElementNS(SVG, name));
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

export class ViewLayer {
  constructor(survey, still, loupe) {
    Object.assign(this, { survey, still, loupe });
    this.layers = Object.fromEntries(["grid", "spans", "marks"].map((id) => [id, document.getElementById(id)]));
    this.unit = survey.width / 640; // sizes in thirds of a pixel of a small picture
  }

  label(parent, u, v, text, kind) {
    shape(parent, "text", { x: u, y: v, class: kind, "font-size": 11 * this.unit, "stroke-width": 3 * this.unit }, text);
  }

  // `off`: numbers of the distances that lie more than two standard deviations off.
  draw(off = new Set()) {
    const { marks, spans } = this.layers;
    marks.replaceChildren();
    spans.replaceChildren();
    const arm = 7 * this.unit;
    this.survey.spans.forEach((each, index) => {
      const [a, b] = [this.survey.mark(each.from), this.survey.mark(each.to)];
      const kind = off.has(index) ? "span off" : each.along ? "span" : "span across";
      shape(spans, "line", { x1: a.u, y1: a.v, x2: b.u, y2: b.v, class: kind });
      if (each.metres !== "") this.label(spans, (a.u + b.u) / 2 + 4 * this.unit, (a.v + b.v) / 2, persian(each.metres).replace(".", "٫"), "metres");
    });
    this.survey.marks.forEach((mark, index) => {
      const kind = mark.id === this.survey.selected ? "mark selected" : "mark";
      shape(marks, "path", { d: `M${mark.u - arm} ${mark.v}H${mark.u + arm}M${mark.u} ${mark.v - arm}V${mark.v + arm}`, class: kind });
      this.label(marks, mark.u + arm, mark.v - arm / 2, persian(index + 1), kind);
    });
    this.magnify();
  }

  grid(lines) {
    const { grid } = this.layers;
    grid.replaceChildren();
    for (const each of lines) {
      const [[x1, y1], [x2, y2]] = [each.from_px, each.to_px];
      shape(grid, "line", { x1, y1, x2, y2 });
      if (each.along_m !== null) this.label(grid, x2 + 4 * this.unit, y2, `\u2067${persian(each.along_m)} م\u2069`, "grid");
    }
  }

  // Eight times the pixels around the selected mark, in the corner that is farther from it.
  magnify() {
    const mark = this.survey.mark(this.survey.selected);
    this.loupe.hidden = !mark || !this.still.naturalWidth;
    if (this.loupe.hidden) return;
    const size = this.loupe.width, part = size / 8, context = this.loupe.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.fillStyle = "#000";
    context.fillRect(0, 0, size, size);
    context.drawImage(this.still, mark.u - part / 2, mark.v - part / 2, part, part, 0, 0, size, size);
    context.strokeStyle = "#ffd166";
    context.beginPath();
    context.moveTo(size / 2, 0);
    context.lineTo(size / 2, size);
    context.moveTo(0, size / 2);
    context.lineTo(size, size / 2);
    context.stroke();
    this.loupe.classList.toggle("other-side", mark.u < this.survey.width / 2 === mark.v < this.survey.height / 2);
    this.loupe.style.insetInlineStart = mark.u < this.survey.width / 2 ? "0" : "auto";
    this.loupe.style.insetInlineEnd = mark.u < this.survey.width / 2 ? "auto" : "0";
  }
}

// The still with the grid and what was measured, as a PNG of the still's size.
export function picture(survey, still, lines) {
  const canvas = Object.assign(document.createElement("canvas"), { width: survey.width, height: survey.height });
  const context = canvas.getContext("2d"), unit = survey.width / 640;
  const line = (from, to, colour, width) => {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
  };
  const write = (text, u, v, colour) => {
    context.font = `700 ${11 * unit}px Vazirmatn, sans-serif`;
    context.lineWidth = 3 * unit;
    context.strokeStyle = "#0c1110";
    context.strokeText(text, u, v);
    context.fillStyle = colour;
    context.fillText(text, u, v);
  };
  context.drawImage(still, 0, 0, survey.width, survey.height);
  for (const each of lines) {
    line(each.from_px, each.to_px, "#5fd0e8", unit / 2);
    if (each.along_m !== null) write(`\u2067${persian(each.along_m)} م\u2069`, each.to_px[0] + 4 * unit, each.to_px[1], "#a9e8f5");
  }
  for (const each of survey.spans) {
    const [a, b] = [survey.mark(each.from), survey.mark(each.to)];
    line([a.u, a.v], [b.u, b.v], each.along ? "#4ee3b4" : "#b7a6ff", unit);
    write(persian(each.metres).replace(".", "٫"), (a.u + b.u) / 2 + 4 * unit, (a.v + b.v) / 2, "#8ff3d2");
  }
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}
