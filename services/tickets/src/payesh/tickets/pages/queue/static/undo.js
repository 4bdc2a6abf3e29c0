// What was decided can be undone for some seconds: a bar shows the last such decision, and how long.

import { persian } from "./persian.js";

const bar = document.getElementById("undo");
const text = document.getElementById("undo-text");
const left = document.getElementById("undo-left");

let undoable = []; // { id, words, until }, the latest last; `until` by this machine's own clock

function show() {
  undoable = undoable.filter((each) => each.until > performance.now());
  const last = undoable.at(-1);
  bar.hidden = !last;
  if (!last) return;
  text.textContent = last.words;
  left.textContent = persian(Math.ceil((last.until - performance.now()) / 1000));
}

// `decided` is the service's answer; its own two times give the span, whatever clock this machine has.
export function offerUndo(decided) {
  const span = Date.parse(decided.final_at) - Date.parse(decided.decided_at);
  const words = decided.reason ? "رد ثبت شد." : "صدور ثبت شد.";
  undoable.push({ id: decided.citation_id, words, until: performance.now() + span });
  show();
}

export function lastUndoable() {
  show();
  return undoable.at(-1)?.id ?? null;
}

export function forgetUndo(id) {
  undoable = undoable.filter((each) => each.id !== id);
  show();
}

setInterval(show, 250);
