// Single keys: whatever carries data-key="r" is pressed by r. "?" lists the keys of this page. Keys rest while one types,
// and while a dialog is open only what is inside it listens.
const TYPING = "input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]), textarea, select, [contenteditable]";

// WCAG 2.1.4: whoever dictates or strikes keys by accident can switch the single keys off, in this browser.
let rest = false;
try {
  rest = localStorage.getItem("single-keys") === "off";
} catch {
  // Storage is forbidden here: the keys work.
}

function setRest(value) {
  rest = value;
  try {
    localStorage.setItem("single-keys", rest ? "off" : "on");
  } catch {
    // The choice holds until the next page.
  }
}

export const visible = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;

function scope() {
  return document.querySelector("dialog[open]") ?? document;
}

export function nameOf(element) {
  const label = element.getAttribute("aria-label") ?? "";
  if (label) return label;
  const copy = element.cloneNode(true);
  copy.querySelectorAll("kbd, svg, .muted").forEach((part) => part.remove());
  return copy.textContent.trim().replace(/\s+/g, " ");
}

function keysHere() {
  const seen = new Map();
  for (const element of document.querySelectorAll("[data-key]")) {
    if (visible(element) && !element.disabled && !seen.has(element.dataset.key)) seen.set(element.dataset.key, nameOf(element));
  }
  return seen;
}

function overlay() {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "shortcut-title");
  const header = document.createElement("div");
  header.className = "dialog-header";
  const title = document.createElement("h2");
  title.id = "shortcut-title";
  title.textContent = "Keys on this page";
  header.append(title);
  const body = document.createElement("div");
  body.className = "dialog-body";
  const list = document.createElement("dl");
  list.className = "definition-list";
  for (const [key, name] of [...keysHere(), ["?", "This list"]]) {
    const term = document.createElement("dt");
    const mark = document.createElement("kbd");
    mark.textContent = key;
    term.append(mark);
    const words = document.createElement("dd");
    words.textContent = name;
    list.append(term, words);
  }
  const choice = document.createElement("label");
  choice.className = "check";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = !rest;
  box.addEventListener("change", () => setRest(!box.checked));
  choice.append(box, "Use single keys in this browser");
  const actions = document.createElement("form");
  actions.method = "dialog";
  actions.className = "dialog-actions";
  body.append(list, choice, actions);
  const close = document.createElement("button");
  close.className = "button";
  close.textContent = "Close";
  close.autofocus = true;
  actions.append(close);
  dialog.append(header, body);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest?.(TYPING)) return;
  if (event.key === "?" && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    overlay();
    return;
  }
  if (rest || event.repeat) return;
  const wanted = event.key.toLowerCase();
  for (const element of scope().querySelectorAll("[data-key]")) {
    if (element.dataset.key !== wanted || element.disabled || !visible(element)) continue;
    event.preventDefault();
    element.focus();
    element.click();
    return;
  }
});
