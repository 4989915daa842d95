// Two minutes before a session ends for want of a sign of life, ask. Every request that somebody causes, in any tab, is
// such a sign; what a page asks for by itself, by the clock or because a colleague did something, is none, and its header
// says so to the server. Typing sends nothing, so while somebody types this says "I am still here" for them, once a minute
// at most.
const WARN_BEFORE = 120_000;
const SAY_EVERY = 60_000;
const LAST = "session.last";

const BACKGROUND = "X-Background"; // accounts/sessions.py

const mark = document.querySelector("[data-session-idle]");

function remember() {
  try {
    localStorage.setItem(LAST, String(Date.now()));
  } catch {
    // Private windows may refuse; this tab then counts for itself.
  }
  last = Date.now();
}

function newest() {
  try {
    return Math.max(last, Number(localStorage.getItem(LAST)) || 0);
  } catch {
    return last;
  }
}

let last = Date.now();
let dialog;
let typed = false;

async function stay() {
  const token = document.body.getAttribute("hx-headers");
  const headers = token ? JSON.parse(token) : {};
  try {
    const answer = await fetch(mark.dataset.sessionKeep, { method: "POST", headers, redirect: "manual" });
    if (answer.status === 204) {
      remember();
      dialog?.close();
      return;
    }
  } catch {
    return; // no connection: the next round asks again
  }
  say(mark.dataset.sessionOver, false);
}

function say(text, open) {
  if (!dialog) {
    dialog = document.createElement("dialog");
    dialog.className = "dialog";
    dialog.setAttribute("aria-labelledby", "session-title");
    const heading = document.createElement("h2");
    heading.id = "session-title";
    heading.textContent = mark.dataset.sessionTitle;
    const words = document.createElement("p");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-primary";
    button.addEventListener("click", () => (dialog.dataset.open === "yes" ? stay() : dialog.close()));
    dialog.append(heading, words, button);
    document.body.append(dialog);
  }
  dialog.dataset.open = open ? "yes" : "no";
  dialog.querySelector("p").textContent = text;
  dialog.querySelector("button").textContent = open ? mark.dataset.sessionStay : "OK";
  if (!dialog.open) dialog.showModal();
}

function look() {
  const idle = Number(mark.dataset.sessionIdle) * 1000;
  const left = newest() + idle - Date.now();
  if (typed && left < idle - SAY_EVERY && left > 0) {
    typed = false;
    stay();
  } else if (left <= 0) {
    say(mark.dataset.sessionOver, false);
  } else if (left <= WARN_BEFORE) {
    say(mark.dataset.sessionText, true);
  } else if (dialog?.open && dialog.dataset.open === "yes") {
    dialog.close(); // another tab said it
  }
}

document.addEventListener("htmx:configRequest", (event) => {
  const cause = event.detail.triggeringEvent;
  if (!cause || cause.type.startsWith("live:")) event.detail.headers[BACKGROUND] = "1";
});

if (mark) {
  remember();
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.requestConfig?.headers[BACKGROUND]) remember();
  });
  document.addEventListener("input", () => (typed = true));
  setInterval(look, 10_000);
  document.addEventListener("visibilitychange", () => !document.hidden && look());
}
