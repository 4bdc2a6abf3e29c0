// The field for a camera's id: opens its calibration.

document.getElementById("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  const id = event.target.camera.value.trim();
  if (id) location.assign(`/calibration/${encodeURIComponent(id)}`);
});
