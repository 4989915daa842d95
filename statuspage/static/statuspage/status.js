// The status page moves by itself. `ui/live.js` holds the socket and says that there is a new snapshot; without a socket
// the page asks every half minute, with the ETag it has, so that "nothing new" costs a few bytes.
import { localise } from "../ui/localtime.js";

const POLL_SECONDS = 30;
const SAFETY_SECONDS = 120;
const STALE_SECONDS = 300;

let open = false;
let timer = 0;
let busy = false;
let again = 0;
let etag = "";
// When the server last told the truth, on this device's own clock, and how old the truth was then.
let confirmedAt = performance.now();
let ageThen = 0;

const content = () => document.getElementById("status");
const jitter = (seconds) => seconds * 1000 * (0.75 + Math.random() / 2);
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

function showLive() {
  for (const mark of document.querySelectorAll("[data-status-live]")) {
    mark.hidden = false;
    mark.dataset.state = open ? "open" : "reconnecting";
    mark.textContent = content().dataset[open ? "liveWord" : "waitingWord"];
  }
}

function showStale() {
  const words = document.getElementById("status-stale");
  const made = content().dataset.asOf;
  const age = ageThen + (performance.now() - confirmedAt) / 1000;
  if (!made || age < STALE_SECONDS) {
    words.hidden = true;
    return;
  }
  const clock = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { hour: "2-digit", minute: "2-digit" });
  words.textContent = words.dataset.text.replace("{time}", clock.format(new Date(made)));
  words.hidden = false;
}

function confirmed(response) {
  const made = new Date(content().dataset.asOf ?? NaN).getTime();
  // The server's clock against its own: a device whose clock is wrong must not cry wolf.
  const there = new Date(response.headers.get("date") ?? Date.now()).getTime();
  ageThen = Number.isNaN(made) ? 0 : Math.max(0, (there - made) / 1000);
  confirmedAt = performance.now();
  showStale();
}

function swap(fresh, title) {
  const old = content();
  const news = fresh.dataset.headline !== old.dataset.headline;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const place = focused && (focused.id ? `#${CSS.escape(focused.id)}` : focused.getAttribute("href") && `a[href="${CSS.escape(focused.getAttribute("href"))}"]`);
  for (const details of old.querySelectorAll("details[id]")) {
    const twin = fresh.querySelector(`#${CSS.escape(details.id)}`);
    if (twin) twin.open = details.open;
  }
  localise(fresh);
  old.replaceWith(fresh);
  if (place) content().querySelector(place)?.focus();
  document.title = title;
  showLive();
  if (news) document.getElementById("status-said").textContent = title;
}

// Answers whether the page now shows `wanted` or something newer.
async function ask(wanted) {
  const headers = etag ? { "If-None-Match": etag, Accept: "text/html" } : { Accept: "text/html" };
  const response = await fetch(location.pathname, { cache: "no-store", headers });
  if (response.status !== 304 && !response.ok) return false;
  if (response.status !== 304) {
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("status");
    if (!fresh) return false;
    // A process that has not looked yet may hand out what was before.
    const older = Number(fresh.dataset.snapshot ?? 0) < Number(content().dataset.snapshot ?? 0);
    if (!older || wanted === 0) {
      const same = etag === "" && fresh.dataset.snapshot === content().dataset.snapshot;
      if (!same) swap(document.importNode(fresh, true), page.title);
      etag = response.headers.get("etag") ?? "";
    }
  }
  confirmed(response);
  return Number(content().dataset.snapshot ?? wanted) >= wanted;
}

async function refresh(wanted = 0) {
  if (busy) {
    again = Math.max(again, wanted, 1);
    return;
  }
  busy = true;
  try {
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      if (await ask(wanted).catch(() => false)) break;
      if (wanted === 0) break;
      await pause(300 * attempt);
    }
  } finally {
    busy = false;
    showStale();
    plan();
    if (again) {
      const next = again;
      again = 0;
      refresh(next > 1 ? next : 0);
    }
  }
}

function plan() {
  clearTimeout(timer);
  timer = setTimeout(() => (document.visibilityState === "visible" ? refresh() : plan()), jitter(open ? SAFETY_SECONDS : POLL_SECONDS));
}

if (content()) {
  document.body.addEventListener("live:state", (event) => {
    // Every failed try to reconnect says so too; starting the clock anew each time would put off the next question for ever.
    if (open === event.detail.open) return;
    open = event.detail.open;
    showLive();
    plan();
  });
  document.body.addEventListener("live:status.changed", async (event) => {
    // Everybody hears at once; fetching at once would be a stampede.
    await pause(Math.random() * 400);
    refresh(event.detail.snapshot);
  });
  document.body.addEventListener("live:resync", async () => {
    await pause(Math.random() * 2000);
    refresh();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") refresh();
  });
  setInterval(showStale, 15_000);
  showLive();
  plan();
}
