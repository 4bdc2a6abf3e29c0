// A plate that is typed: drawn as it stands, from the keypad on screen or from the keyboard.

import { persian } from "./persian.js";

const LETTER = 2;
const PLACES = 8;
const ALEF = "الف"; // one letter of three characters
const COLOURS = ["white", "yellow", "red", "green", "sand", "blue", "light-blue"];
// By key position as on a Persian keyboard (ISIRI 9147), for who types under a Latin layout.
const POSITIONS = {
  KeyH: ALEF, KeyF: "ب", Backslash: "پ", Backquote: "پ", KeyJ: "ت", KeyE: "ث", BracketLeft: "ج",
  KeyN: "د", KeyC: "ز", KeyS: "س", KeyA: "ش", KeyW: "ص", KeyX: "ط", KeyU: "ع", KeyT: "ف",
  KeyR: "ق", Semicolon: "ک", Quote: "گ", KeyG: "ل", KeyL: "م", KeyK: "ن", Comma: "و", KeyI: "ه",
  KeyD: "ی",
};
const SHIFTED = { KeyC: "ژ", KeyD: "D", KeyS: "S" };
const FOLDED = { ا: ALEF, أ: ALEF, إ: ALEF, آ: ALEF, ي: "ی", ى: "ی", ك: "ک", ة: "ه" };

const editor = document.getElementById("plate-editor");
const spoken = document.getElementById("plate-spoken");
const places = [...editor.querySelectorAll("[data-place]")];
const letterKeys = [...document.querySelectorAll(".keypad [data-letter]")];
const digitKeys = [...document.querySelectorAll(".keypad [data-digit]")];
const colours = Object.fromEntries(letterKeys.map((key) => [key.dataset.letter, key.dataset.colour]));

let typed = Array(PLACES).fill("");
let at = 0;

function draw() {
  places.forEach((place, number) => {
    place.textContent = persian(typed[number]) || "–";
    place.classList.toggle("here", number === at);
    place.classList.toggle("missing", !typed[number]);
  });
  editor.classList.remove(...COLOURS.map((each) => `plate-${each}`));
  editor.classList.add(`plate-${colours[typed[LETTER]] ?? "white"}`);
  // What cannot stand here is not offered.
  letterKeys.forEach((key) => { key.disabled = at !== LETTER; });
  digitKeys.forEach((key) => { key.disabled = at === LETTER; });
  spoken.textContent = persian(typed.map((each) => each || "؟").join(" "));
}

function put(character) {
  typed[at] = character;
  at = Math.min(at + 1, PLACES - 1);
  draw();
}

function back() {
  if (!typed[at] && at > 0) at -= 1;
  typed[at] = "";
  draw();
}

function go(place) {
  at = Math.max(0, Math.min(PLACES - 1, place));
  draw();
}

function digitOf(event) {
  const latin = event.key.replace(/[۰-۹]/, (d) => d.charCodeAt(0) - 0x6f0).replace(/[٠-٩]/, (d) => d.charCodeAt(0) - 0x660);
  return /^[0-9]$/.test(latin) ? latin : null;
}

function letterOf(event) {
  const named = FOLDED[event.key] ?? event.key;
  if (/^[a-z]$/i.test(event.key) || !(named in colours)) {
    return (event.shiftKey && SHIFTED[event.code]) || POSITIONS[event.code] || null;
  }
  return named;
}

// Whether the key was one of the plate's.
export function typeKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const moves = { Backspace: back, Delete: () => { typed[at] = ""; draw(); }, ArrowLeft: () => go(at - 1),
    ArrowRight: () => go(at + 1), Home: () => go(0), End: () => go(PLACES - 1) };
  if (moves[event.key]) return void moves[event.key]() ?? true;
  const character = at === LETTER ? letterOf(event) : digitOf(event);
  if (character) return void put(character) ?? true;
  return /^[\p{L}\p{N}]$/u.test(event.key); // a key of a plate, but not of this place: it does nothing
}

// `text` is canonical, or empty for a blank plate.
export function startPlate(text) {
  const found = text.match(/^(\d)(\d)(\D+)(\d)(\d)(\d)(\d)(\d)$/);
  typed = found ? found.slice(1) : Array(PLACES).fill("");
  at = 0;
  draw();
  editor.focus();
}

// Canonical text; null while a place is empty.
export function typedPlate() {
  return typed.every(Boolean) ? typed.join("") : null;
}

editor.addEventListener("click", (event) => {
  const place = event.target.closest("[data-place]");
  if (place) go(Number(place.dataset.place));
});
document.querySelector(".keypad").addEventListener("click", (event) => {
  const key = event.target.closest(".key");
  if (!key || key.disabled) return;
  if (key.dataset.edit) back();
  else put(key.dataset.letter ?? key.dataset.digit);
  editor.focus();
});
