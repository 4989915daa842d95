// A banner for other sites, there only while something is wrong:
//   <script async src="https://…/status/embed.js"></script>
// The host page never waits for it: one request with a budget of a second, the answer kept for a minute, every failure
// silent. Its looks live in a shadow root, as a sheet made by script, so that the host's own style rules and its
// Content-Security-Policy stay as they are. Only text is inserted, never markup.
// data-place="top" puts it above the page instead of into a corner; data-language="es" overrides the host's language.
(() => {
  "use strict";

  const BUDGET_MS = 1_000;
  const KEEP_MS = 60_000;
  const KEY = "lantern-status";
  const WORDS = []; // filled in when it is published (snapshot.render): every language, its words and where its page is
  const SHEET = `
    :host { all: initial; }
    aside {
      position: fixed; inset-block-end: 1rem; inset-inline-end: 1rem; z-index: 2147483000;
      box-sizing: border-box; max-inline-size: min(24rem, calc(100vw - 2rem));
      display: flex; gap: 0.75rem; align-items: flex-start; padding: 0.875rem 1rem;
      border: 1px solid #0003; border-inline-start: 5px solid #c97a08; border-radius: 10px;
      background: #fff; color: #1f2a2e; box-shadow: 0 6px 24px #0003;
      font: 400 15px/1.45 system-ui, sans-serif;
    }
    aside.top { position: static; max-inline-size: none; border-radius: 0; box-shadow: none; }
    aside.critical { border-inline-start-color: #c0363a; }
    aside.maintenance, aside.none { border-inline-start-color: #2f78b3; }
    div { flex: 1; min-inline-size: 0; overflow-wrap: anywhere; }
    p { margin: 0; }
    strong { font-weight: 650; }
    a { color: #0b5a68; display: inline-block; padding-block: 4px; }
    button {
      flex: none; min-inline-size: 28px; min-block-size: 28px; padding: 0; border: 0; border-radius: 6px;
      background: none; color: inherit; font: 400 20px/1 system-ui, sans-serif; cursor: pointer;
    }
    :is(a, button):focus-visible { outline: 3px solid #b8500a; outline-offset: 2px; }
    @media (prefers-color-scheme: dark) {
      aside { background: #172329; color: #ece7df; border-color: #fff3; }
      a { color: #8ad3dd; }
      :is(a, button):focus-visible { outline-color: #ffd27a; }
    }
    @media (forced-colors: active) { aside { border: 2px solid; } }
    @media print { aside { display: none; } }
  `;

  const remembered = (name) => {
    try {
      return JSON.parse(sessionStorage.getItem(`${KEY}:${name}`));
    } catch {
      return null;
    }
  };
  const remember = (name, value) => {
    try {
      sessionStorage.setItem(`${KEY}:${name}`, JSON.stringify(value));
    } catch {
      // No storage, no memory: the next page asks again.
    }
  };

  async function summary(origin) {
    const kept = remembered("summary");
    if (kept && kept.origin === origin && Date.now() - kept.at < KEEP_MS && Date.now() >= kept.at) return kept.body;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), BUDGET_MS);
    try {
      const answer = await fetch(`${origin}/api/v2/summary.json`, { signal: stop.signal, credentials: "omit", mode: "cors" });
      const body = answer.ok ? await answer.json() : null;
      // A failure is remembered too: a dead status host must not cost a request on every page.
      remember("summary", { origin, at: Date.now(), body });
      return body;
    } catch {
      remember("summary", { origin, at: Date.now(), body: null });
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  function show(script, origin, body) {
    const planned = (body.scheduled_maintenances ?? []).filter((row) => row.status === "in_progress" || row.status === "verifying");
    const events = [...(body.incidents ?? []), ...planned];
    if (events.length === 0) return;
    const first = events[0];
    const version = events.map((row) => `${row.id}@${row.updated_at}`).join(" ");
    if (remembered("hidden") === version) return;

    const wanted = (script.dataset.language || document.documentElement.lang || "").toLowerCase();
    const words =
      WORDS.find((row) => row.language.toLowerCase() === wanted) ??
      WORDS.find((row) => row.language.slice(0, 2) === wanted.slice(0, 2)) ??
      WORDS[0];
    const make = (name, text) => Object.assign(document.createElement(name), { textContent: text ?? "" });
    const box = make("aside");
    box.className = [first.impact, script.dataset.place === "top" ? "top" : ""].join(" ").trim();
    box.setAttribute("aria-label", words.status);
    const said = make("p");
    if (planned.includes(first)) said.append(make("span", `${words.next}: `));
    const name = make("strong", String(first.name));
    name.dir = "auto";
    said.append(name);
    if (events.length > 1) said.append(make("span", words.others));
    const link = make("a", words.more);
    link.href = `${origin}${words.page}`;
    const close = make("button", "×");
    close.type = "button";
    close.setAttribute("aria-label", words.close);
    const lines = make("div");
    lines.append(said, link);
    box.append(lines, close);

    const host = make("div");
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(SHEET);
    root.adoptedStyleSheets = [sheet];
    root.append(box);
    close.addEventListener("click", () => {
      remember("hidden", version);
      host.remove();
    });
    document.body[script.dataset.place === "top" ? "prepend" : "append"](host);
  }

  try {
    const script = document.currentScript;
    const origin = new URL(script.src).origin;
    const begin = () => summary(origin).then((body) => body && show(script, origin, body)).catch(() => {});
    const later = () => ("requestIdleCallback" in window ? requestIdleCallback(begin, { timeout: 2_000 }) : setTimeout(begin, 0));
    if (document.readyState === "complete") later();
    else addEventListener("load", later, { once: true });
  } catch {
    // Whatever is missing here, the host page goes on as if we were not there.
  }
})();
