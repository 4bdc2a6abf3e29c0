// How the officer looks at the clip: nearer, lighter, with more contrast. Of the view alone: what is
// shown next begins as it was recorded, and nothing of it reaches the evidence.

import { persian } from "./persian.js";

const AS_RECORDED = { zoom: 100, brightness: 100, contrast: 100 };
const LIMITS = { zoom: [100, 800], brightness: [40, 300], contrast: [40, 300] };
let view = { ...AS_RECORDED };
let centre = [0.5, 0.5]; // of what is shown, as a share of the picture

export function prepareView() {
  view = { ...AS_RECORDED };
  centre = [0.5, 0.5];
  const stage = shownStage();
  if (!stage) return;
  for (const input of tools().querySelectorAll("[data-view]")) {
    input.addEventListener("input", () => set(input.dataset.view, Number(input.value)));
  }
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && view.zoom === 100) return; // the page scrolls as everywhere
    event.preventDefault();
    set("zoom", view.zoom * (event.deltaY < 0 ? 1.25 : 0.8), shareAt(stage, event));
  }, { passive: false });
  stage.addEventListener("pointerdown", (event) => {
    if (view.zoom === 100) return;
    let last = [event.clientX, event.clientY];
    const move = (moved) => {
      const { width, height } = stage.getBoundingClientRect();
      const by = view.zoom / 100;
      look(centre[0] - (moved.clientX - last[0]) / width / by, centre[1] - (moved.clientY - last[1]) / height / by);
      last = [moved.clientX, moved.clientY];
    };
    stage.setPointerCapture(event.pointerId);
    stage.addEventListener("pointermove", move);
    stage.addEventListener("pointerup", () => stage.removeEventListener("pointermove", move), { once: true });
  });
}

// What keys and buttons do to the view.
export function viewActs(detail) {
  return {
    view: () => {
      const found = tools();
      found.hidden = !found.hidden;
      detail.querySelector("[data-act=view]").setAttribute("aria-expanded", String(!found.hidden));
    },
    "view-reset": () => {
      if (!shownStage()) return;
      view = { ...AS_RECORDED };
      centre = [0.5, 0.5];
      apply();
    },
    "zoom-in": () => changeBy("zoom", 50),
    "zoom-out": () => changeBy("zoom", -50),
    lighter: () => changeBy("brightness", 20),
    darker: () => changeBy("brightness", -20),
  };
}

function changeBy(name, by) {
  if (shownStage()) set(name, view[name] + by);
}

function set(name, value, towards = null) {
  const [least, most] = LIMITS[name];
  view[name] = Math.round(Math.min(Math.max(value, least), most));
  if (towards) look(...towards);
  else apply();
}

function look(x, y) {
  const half = 50 / view.zoom;
  centre = [x, y].map((each) => Math.min(Math.max(each, half), 1 - half));
  apply();
}

function apply() {
  const stage = shownStage();
  const by = view.zoom / 100;
  const half = 0.5 / by;
  centre = centre.map((each) => Math.min(Math.max(each, half), 1 - half));
  const shift = centre.map((each) => 100 * (0.5 - each) * by);
  for (const each of stage.children) {
    each.style.transform = by === 1 ? "" : `translate(${shift[0]}%, ${shift[1]}%) scale(${by})`;
  }
  const isChanged = view.brightness !== 100 || view.contrast !== 100;
  stage.querySelector("video").style.filter = isChanged
    ? `brightness(${view.brightness}%) contrast(${view.contrast}%)` : "";
  stage.classList.toggle("zoomed", by > 1);
  for (const input of tools().querySelectorAll("[data-view]")) {
    input.value = String(view[input.dataset.view]);
    input.nextElementSibling.textContent = `${persian(view[input.dataset.view])}٪`;
  }
}

function shareAt(stage, event) {
  const { left, top, width, height } = stage.getBoundingClientRect();
  const by = view.zoom / 100;
  return [
    centre[0] + ((event.clientX - left) / width - 0.5) / by,
    centre[1] + ((event.clientY - top) / height - 0.5) / by,
  ];
}

const shownStage = () => document.querySelector("#detail .player .stage");
const tools = () => document.querySelector("#detail .view-tools");
