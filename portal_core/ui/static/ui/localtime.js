// <time datetime="…" data-local> in the reader's own zone and manner.
export function localise(root = document) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang || undefined, {
    month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  });
  for (const time of root.querySelectorAll("time[data-local]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) time.textContent = format.format(at);
  }
}

localise();
document.addEventListener("htmx:afterSettle", (event) => localise(event.target.parentElement ?? document));
