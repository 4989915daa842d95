// <time datetime="…" data-local> in the reader's own zone and manner. data-local="date", "time" or "relative" says less.
const language = document.documentElement.lang || undefined;
const moment = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
const FORMATS = {
  "": new Intl.DateTimeFormat(language, moment),
  date: new Intl.DateTimeFormat(language, { dateStyle: "medium" }),
  time: new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", timeZoneName: "short" }),
};
const ago = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const STEPS = [["day", 86_400], ["hour", 3_600], ["minute", 60]];

function relative(at) {
  const seconds = Math.round((at - Date.now()) / 1000);
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return ago.format(Math.round(seconds / size), unit);
  }
  return ago.format(0, "minute") === "this minute" ? "just now" : ago.format(0, "minute");
}

export function localise(root = document) {
  for (const time of root.querySelectorAll("time[data-local]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const full = FORMATS[""].format(at);
    const words = time.dataset.local === "relative" ? relative(at) : (FORMATS[time.dataset.local] ?? FORMATS[""]).format(at);
    // Only a real change is written: a screen reader would read every other one aloud in live regions.
    if (time.textContent !== words) time.textContent = words;
    if (words !== full) time.title = full;
  }
}

localise();
document.addEventListener("htmx:afterSettle", (event) => localise(event.target.parentElement ?? document));
setInterval(() => localise(), 30_000);
