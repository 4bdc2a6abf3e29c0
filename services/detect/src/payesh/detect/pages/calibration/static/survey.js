// What was marked and measured: kept in the tab, so that a sign-in in between loses nothing.

export const LATIN = (text) => String(text ?? "")
  .replace(/[۰-۹]/g, (digit) => "۰۱۲۳۴۵۶۷۸۹".indexOf(digit))
  .replace(/[٠-٩]/g, (digit) => "٠١٢٣٤٥٦٧٨٩".indexOf(digit))
  .replace(/[٫,]/g, ".").replace("−", "-").trim();

export const number = (text) => (LATIN(text) === "" ? null : Number(LATIN(text)));

export class Survey {
  constructor(key, width, height) {
    Object.assign(this, { key, width, height, marks: [], spans: [], selected: null, last: 0 });
    try {
      const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
      if (kept?.width === width && kept?.height === height) Object.assign(this, kept);
    } catch { /* what cannot be read is begun anew */ }
  }

  keep() {
    const { width, height, marks, spans, selected, last } = this;
    sessionStorage.setItem(this.key, JSON.stringify({ width, height, marks, spans, selected, last }));
  }

  mark(id) { return this.marks.find((each) => each.id === id); }

  add(u, v) {
    const mark = { id: ++this.last, u: this.inside(u, this.width), v: this.inside(v, this.height), x: "", y: "" };
    this.marks.push(mark);
    this.selected = mark.id;
    return mark;
  }

  inside(value, size) { return Math.round(10 * Math.min(Math.max(value, 0), size)) / 10; }

  nudge(du, dv) {
    const mark = this.mark(this.selected);
    if (mark) Object.assign(mark, { u: this.inside(mark.u + du, this.width), v: this.inside(mark.v + dv, this.height) });
  }

  remove(id) {
    this.marks = this.marks.filter((each) => each.id !== id);
    this.spans = this.spans.filter((each) => each.from !== id && each.to !== id);
    if (this.selected === id) this.selected = this.marks.at(-1)?.id ?? null;
  }

  step(by) {
    if (!this.marks.length) return;
    const at = this.marks.findIndex((each) => each.id === this.selected);
    this.selected = this.marks[(at + by + this.marks.length) % this.marks.length].id;
  }

  // Between the two marks that were set last, or from the end of the last distance on.
  span(chain) {
    const last = this.spans.at(-1);
    const after = chain && last ? this.marks.find((each) => each.id > last.to) : null;
    const [from, to] = after ? [this.mark(last.to), after] : this.marks.slice(-2);
    if (!from || !to) return null;
    const along = after ? last.along : Math.abs(from.v - to.v) >= Math.abs(from.u - to.u) / 2;
    const span = { from: from.id, to: to.id, metres: "", along };
    this.spans.push(span);
    return span;
  }

  // As the service takes it; `faults` names what a person has still to fill in.
  measured(sigmas, towardsCamera) {
    const faults = [];
    const at = (id) => { const mark = this.mark(id); return [mark.u, mark.v]; };
    const distances = this.spans.map((each) => {
      const metres = number(each.metres);
      if (!(metres > 0)) faults.push("متر هر فاصله را بنویسید.");
      if (each.from === each.to) faults.push("دو سر هر فاصله باید دو نشانهٔ جدا باشند.");
      return { p1_px: at(each.from), p2_px: at(each.to), metres, along_road: each.along };
    });
    const placed = this.marks.filter((each) => LATIN(each.x) !== "" || LATIN(each.y) !== "");
    const points = placed.map((each) => {
      const ground = [number(each.x), number(each.y)];
      if (!ground.every(Number.isFinite) || ground.includes(null)) faults.push("از هر نشانهٔ نقشه‌برداری‌شده هر دو مختصات را بنویسید.");
      return { image_px: [each.u, each.v], ground_m: ground };
    });
    if (!distances.length && !points.length) faults.push("هنوز نه فاصله‌ای نوشته شده است و نه مختصاتی.");
    const body = { measured_distances: distances, measured_points: points, towards_camera: towardsCamera, ...sigmas };
    return { body, faults: [...new Set(faults)] };
  }
}
