// The player of a citation's clip. A clip keeps the times of its stream, so it begins hours in and a
// browser's own controls are of no use: these count from the first frame shown.

import { persian } from "./persian.js";

// Seconds: where the shown frame begins, where a step leads, and from one frame to the next. No element
// has the rate of its frames, so the smallest step between two that were shown is taken for it.
let shownAt = NaN;
let frameAt = NaN;
let stepping = false; // until the frame that a step leads to is shown
let frameGap = Infinity;
let start = Infinity; // where the clip's first frame begins

export function prepareClip(onError, onShown) {
  const video = shownVideo();
  if (!video) return;
  const player = video.closest(".player");
  const slider = player.querySelector(".player-bar input");
  const output = player.querySelector(".player-bar output");
  const seconds = Number(video.dataset.seconds);
  const written = (value) => persian(value.toFixed(1)).replace(".", "٫");
  start = Infinity;
  shownAt = frameAt = NaN;
  frameGap = Infinity;
  stepping = false;
  const onFrame = (_, frame) => {
    if (!video.isConnected) return; // its last one may come when the next clip is shown already
    start = Math.min(start, frame.mediaTime);
    const gap = Math.abs(frame.mediaTime - shownAt);
    if (gap > 0.001) frameGap = Math.min(frameGap, gap);
    shownAt = frame.mediaTime;
    // The frame of a step before this one may be shown late: it does not take the later steps back.
    stepping = stepping && Math.abs(shownAt - frameAt) > 0.5 * frameGap;
    if (!stepping) frameAt = shownAt;
    const at = Math.min(Math.max(frame.mediaTime - start, 0), seconds);
    slider.value = String(Math.round((1000 * at) / seconds));
    output.textContent = `${written(at)} / ${written(seconds)}`;
    onShown(video, frame.mediaTime - start, frameGap);
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
  slider.addEventListener("input", () => {
    video.pause();
    stepping = false;
    if (Number.isFinite(start)) video.currentTime = start + (seconds * slider.value) / 1000;
  });
  video.addEventListener("play", () => { stepping = false; });
  for (const kind of ["play", "pause"]) {
    video.addEventListener(kind, () => player.classList.toggle("paused", video.paused));
  }
  video.addEventListener("error", onError);
}

export function togglePlay() {
  withVideo((video) => (video.paused ? video.play() : video.pause()));
}

// Between normal and a quarter of the speed; whether it is slow now.
export function toggleSlow() {
  withVideo((video) => { video.playbackRate = video.playbackRate === 1 ? 0.25 : 1; });
  return shownVideo()?.playbackRate !== 1;
}

export function stepFrame(by) {
  withVideo((video) => {
    video.pause();
    if (!Number.isFinite(frameGap)) {
      video.currentTime += by / 50; // it never played: rather too little than a frame skipped
      return;
    }
    // From where the step before leads, although its frame may not be shown yet.
    const last = start + Number(video.dataset.seconds) - frameGap;
    frameAt = Math.min(Math.max(frameAt + by * frameGap, start), last);
    stepping = true;
    // Into the middle of that frame: at its edge a rounding would show its neighbour.
    video.currentTime = frameAt + 0.5 * frameGap;
  });
}

// Show the frame of a moment, in seconds from the clip's first frame.
export function seekTo(offset) {
  withVideo((video) => {
    if (!Number.isFinite(offset) || !Number.isFinite(start)) return;
    video.pause();
    stepping = false;
    const last = Number(video.dataset.seconds) - (Number.isFinite(frameGap) ? frameGap / 2 : 0.01);
    video.currentTime = start + Math.min(offset, last);
  });
}

const shownVideo = () => document.querySelector("#detail .player video");

function withVideo(work) {
  const video = shownVideo();
  if (video) work(video);
}
