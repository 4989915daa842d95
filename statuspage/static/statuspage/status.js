// The status page moves by itself: a WebSocket says that there is a new snapshot, the page fetches itself (the browser
// asks with the ETag it has) and puts the new content in place. Without a socket it asks every half minute.

const POLL_SECONDS = 30;
const SAFETY_SECONDS = 300;
const LONGEST_PAUSE = 60;

let socket = null;
let tries = 0;
let timer = 0;
let busy = false;
let again = 0;

const content = () => document.getElementById("status");
const jitter = (seconds) => seconds * 1000 * (0.5 + Math.random());
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

function localise(root) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang || "en", {
    month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  });
  for (const time of root.querySelectorAll("time[data-local]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) time.textContent = format.format(at);
  }
}

function showLive(open) {
  for (const mark of document.querySelectorAll("[data-status-live]")) {
    mark.hidden = false;
    mark.dataset.state = open ? "open" : "reconnecting";
    mark.textContent = open ? "Live" : "Reconnecting…";
  }
}

function swap(fresh, title) {
  const old = content();
  const said = fresh.dataset.headline !== old.dataset.headline || fresh.dataset.snapshot !== old.dataset.snapshot;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const place = focused && (focused.id ? `#${CSS.escape(focused.id)}` : focused.getAttribute("href") && `a[href="${CSS.escape(focused.getAttribute("href"))}"]`);
  for (const details of old.querySelectorAll("details[open][id]")) {
    const twin = fresh.querySelector(`#${CSS.escape(details.id)}`);
    if (twin) twin.open = true;
  }
  localise(fresh);
  old.replaceWith(fresh);
  if (place) content().querySelector(place)?.focus();
  document.title = title;
  showLive(socket?.readyState === WebSocket.OPEN);
  if (said) document.getElementById("status-said").textContent = title;
}

async function fetchOnce() {
  const response = await fetch(location.pathname, { cache: "no-cache", headers: { Accept: "text/html" } });
  if (!response.ok) return null;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById("status");
  return fresh ? { fresh, title: page.title } : null;
}

async function refresh(wanted = 0) {
  if (busy) {
    again = Math.max(again, wanted, 1);
    return;
  }
  busy = true;
  try {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const got = await fetchOnce().catch(() => null);
      if (got) {
        const have = Number(got.fresh.dataset.snapshot);
        const html = document.importNode(got.fresh, true);
        if (have >= Number(content().dataset.snapshot) || wanted === 0) swap(html, got.title);
        if (have >= wanted) break;
      }
      await pause(300 * (attempt + 1));
    }
  } finally {
    busy = false;
    if (again) {
      const next = again;
      again = 0;
      refresh(next > 1 ? next : 0);
    }
  }
}

function plan() {
  clearTimeout(timer);
  const open = socket?.readyState === WebSocket.OPEN;
  timer = setTimeout(async () => {
    if (document.visibilityState === "visible") await refresh();
    plan();
  }, jitter(open ? SAFETY_SECONDS : POLL_SECONDS));
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/ws/status/`);
  socket.addEventListener("open", () => {
    if (tries > 0) refresh();
    tries = 0;
    showLive(true);
    plan();
  });
  socket.addEventListener("message", async (event) => {
    const message = JSON.parse(event.data);
    if (message.type === "status.changed") {
      // Everybody hears at once; fetching at once would be a stampede.
      await pause(Math.random() * 400);
      refresh(message.snapshot);
    } else if (message.type === "resync") {
      await pause(Math.random() * 3000);
      refresh();
    }
  });
  socket.addEventListener("close", () => {
    showLive(false);
    tries += 1;
    plan();
    setTimeout(connect, jitter(Math.min(2 ** Math.min(tries, 6), LONGEST_PAUSE)));
  });
}

if (content()) {
  localise(document);
  connect();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") refresh();
  });
}
