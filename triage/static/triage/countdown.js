// Clocks of the desk. The server decides what has expired; these only show it.
//   [data-expires-at][data-now]  counts down to the server's moment on the server's clock, then hides what it gated
//   [data-count-from]            counts up from a moment, e.g. the length of a check
//   [data-call-timer="field-id"] counts up from the opening of the page and fills the field with the seconds

const opened = performance.now();
const seen = new WeakMap(); // element → difference between the server's clock and ours, in ms

function minutes(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function countDown(element) {
  if (!seen.has(element)) seen.set(element, Date.parse(element.dataset.now) - Date.now());
  const left = (Date.parse(element.dataset.expiresAt) - Date.now() - seen.get(element)) / 1000;
  const figure = element.querySelector("[data-countdown]");
  if (figure) figure.textContent = minutes(left);
  element.classList.toggle("is-short", left <= 60);
  if (left <= 0 && !element.dataset.expired) {
    element.dataset.expired = "true";
    for (const gated of document.querySelectorAll("[data-gated]")) gated.remove();
    document.body.dispatchEvent(new CustomEvent("live:ticket.changed"));
  }
}

let timer = null;
function callTimer(element) {
  const field = document.getElementById(element.dataset.callTimer);
  const base = Number(element.dataset.base || 0);
  const seconds = Math.floor((performance.now() - opened) / 1000) + base;
  element.hidden = false;
  element.textContent = minutes(seconds);
  if (field && document.activeElement !== field && !field.dataset.byHand) field.value = String(seconds);
}

function tick() {
  document.querySelectorAll("[data-expires-at]").forEach(countDown);
  for (const element of document.querySelectorAll("[data-count-from]")) {
    element.textContent = minutes((Date.now() - Date.parse(element.dataset.countFrom)) / 1000);
  }
  document.querySelectorAll("[data-call-timer]").forEach(callTimer);
}

for (const element of document.querySelectorAll("[data-call-timer]")) {
  const field = document.getElementById(element.dataset.callTimer);
  element.dataset.base = field?.value || "0"; // a "find" in between keeps the clock going
  field?.addEventListener("input", () => (field.dataset.byHand = "true"));
}
tick();
timer = setInterval(tick, 1000);
addEventListener("pagehide", () => clearInterval(timer));
