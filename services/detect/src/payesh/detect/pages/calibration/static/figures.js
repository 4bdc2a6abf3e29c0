// Figures and rows of tables in Persian.

import { persian } from "./persian.js";

export const figure = (value, decimals) => persian(value.toFixed(decimals)).replace(".", "٫");
export const signed = (value, decimals) => `\u2066${value < 0 ? "−" : "+"}${figure(Math.abs(value), decimals)}\u2069`;

export function row(cells, kind) {
  const made = document.createElement("tr");
  made.className = kind;
  for (const text of cells) made.insertCell().textContent = text;
  return made;
}
