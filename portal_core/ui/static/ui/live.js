// Live pages. Any element with data-live="/ws/…" opens that socket; a message {"type": "ticket.changed"} becomes the event
// "live:ticket.changed" on the body, which hx-trigger="live:ticket.changed from:body" listens to. A message is only a nudge:
// after a gap (opening, reconnect, "resync") everything the page shows live is asked for again.
const PING_EVERY = 20_000;
const ANSWER_WITHIN = 8_000;
const LONGEST_PAUSE = 30_000;
const DECLARED = /\blive:[\w.-]+/g;

const sockets = new Map();

// A part that replaces itself is deaf from its question until the answer has settled: htmx drops what the old element has
// queued, and the new one does not listen yet. What it missed is said once more.
const missed = new Map();

function replacesItself(part) {
  return part.getAttribute("hx-swap") === "outerHTML" && [null, "this", `#${part.id}`].includes(part.getAttribute("hx-target"));
}

function isMissed(name) {
  const busy = [...document.querySelectorAll(".htmx-request[hx-trigger], .htmx-added[hx-trigger]")];
  return busy.some((part) => replacesItself(part) && part.getAttribute("hx-trigger").includes(name));
}

function fire(name, detail) {
  if (isMissed(name)) missed.set(name, detail);
  document.body.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
}

function catchUp() {
  fire("live:resync", {});
  const declared = new Set();
  for (const element of document.querySelectorAll("[hx-trigger*='live:']")) {
    for (const name of element.getAttribute("hx-trigger").match(DECLARED) ?? []) declared.add(name);
  }
  declared.delete("live:resync");
  declared.delete("live:state");
  for (const name of declared) fire(name, { resync: true });
}

function show() {
  const all = [...sockets.values()];
  const state = all.every((live) => live.open) ? "open" : "reconnecting";
  for (const mark of document.querySelectorAll("[data-live-state]")) {
    mark.hidden = all.length === 0;
    mark.dataset.state = state;
    mark.textContent = state === "open" ? "Live" : "Reconnecting…";
  }
  // For pages that have another way to ask while the socket is away.
  fire("live:state", { open: all.length > 0 && state === "open" });
}

// [data-live-title] is a number worth seeing from another tab: "(3) Office desk".
const title = document.title;

function tellTab() {
  const count = document.querySelector("[data-live-title]")?.textContent.trim();
  const wanted = count && count !== "0" ? `(${count}) ${title}` : title;
  if (document.title !== wanted) document.title = wanted;
}

class Live {
  constructor(path) {
    this.path = path;
    this.open = false;
    this.tries = 0;
    this.connect();
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}${this.path}`);
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.open = true;
      this.tries = 0;
      catchUp(); // also the first time: something may have happened between the page's making and this moment
      this.listen();
      show();
    });
    socket.addEventListener("message", (event) => this.received(event.data));
    socket.addEventListener("close", (event) => this.closed(event.code));
  }

  listen() {
    clearTimeout(this.silence);
    clearTimeout(this.beat);
    this.beat = setTimeout(() => {
      if (!this.open) return;
      this.socket.send('{"type":"ping"}');
      // A network that changed under us gives no close event; silence is the only sign.
      this.silence = setTimeout(() => this.socket.close(4000), ANSWER_WITHIN);
    }, PING_EVERY);
  }

  check() {
    if (!this.open) return;
    clearTimeout(this.silence);
    this.socket.send('{"type":"ping"}');
    this.silence = setTimeout(() => this.socket.close(4000), ANSWER_WITHIN);
  }

  received(text) {
    this.listen();
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    if (message.type === "pong" || typeof message.type !== "string") return;
    if (message.type === "resync") catchUp();
    else fire(`live:${message.type}`, message);
  }

  say(message) {
    if (this.open) this.socket.send(JSON.stringify(message));
  }

  closed(code) {
    this.open = false;
    clearTimeout(this.beat);
    clearTimeout(this.silence);
    show();
    if (code === 4404) return; // we are not allowed in; asking again changes nothing
    const pause = Math.min(2 ** this.tries * 500, LONGEST_PAUSE) * (0.5 + Math.random());
    this.tries += 1;
    setTimeout(() => this.connect(), pause);
  }
}

function openAll() {
  for (const element of document.querySelectorAll("[data-live]")) {
    const path = element.dataset.live;
    if (path && !sockets.has(path)) sockets.set(path, new Live(path));
  }
  show();
}

// A page speaks over a socket it has with the event "live:say", detail {path, message}; while it is away nothing is kept.
document.addEventListener("live:say", (event) => sockets.get(event.detail.path)?.say(event.detail.message));

openAll();
tellTab();
document.addEventListener("htmx:afterSettle", () => {
  openAll();
  tellTab();
  const again = [...missed];
  missed.clear();
  for (const [name, detail] of again) fire(name, detail);
});
// A page that was asleep may have missed anything: ask again at once instead of after the next silence.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) for (const live of sockets.values()) live.check();
});
addEventListener("online", () => {
  for (const live of sockets.values()) live.check();
});

// What somebody is filling in is theirs: a live part that holds a touched control is left alone until the next nudge.
function touched(control) {
  if (control instanceof HTMLSelectElement) {
    const standard = [...control.options].some((option) => option.defaultSelected);
    return standard
      ? [...control.options].some((option) => option.selected !== option.defaultSelected)
      : control.selectedIndex > 0;
  }
  if (control.type === "checkbox" || control.type === "radio") return control.checked !== control.defaultChecked;
  return control.type !== "hidden" && control.value !== control.defaultValue;
}

const inUse = (part) => [...part.querySelectorAll("input, select, textarea")].some(touched);

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  if (inUse(event.detail.target)) event.detail.shouldSwap = false;
});
