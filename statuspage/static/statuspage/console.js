// The operators' console by keyboard, and who else is here. Without this file every form still works.
const SOCKET = "/ws/desk/status/";
const composer = document.querySelector("form[data-composer]");

// --- states by number and arrow ----------------------------------------------------------------------------------------
function rowsOf(grid) {
  return [...grid.querySelectorAll("[data-state-row]")];
}

function choose(row, number) {
  const choice = row.querySelectorAll("input[type=radio]")[number];
  if (!choice) return;
  choice.focus();
  if (!choice.checked) choice.click();
}

document.addEventListener("keydown", (event) => {
  const row = event.target.closest?.("[data-state-row]");
  if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^[0-5]$/.test(event.key)) {
    event.preventDefault();
    event.stopPropagation();
    choose(row, Number(event.key));
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const rows = rowsOf(row.closest("[data-states]"));
  const next = rows[rows.indexOf(row) + step];
  event.preventDefault();
  (next?.querySelector("input:checked") ?? next?.querySelector("input"))?.focus();
}, true);

// --- a prepared text: the first open {{ variable }} is selected, ready to be typed over -----------------------------------
const OPEN = /\{\{[^{}]*\}\}/;

function selectOpen(field) {
  const found = OPEN.exec(field.value);
  if (!found) return false;
  field.focus();
  field.setSelectionRange(found.index, found.index + found[0].length);
  return true;
}

if (composer) {
  const body = composer.querySelector("[data-body]");
  const picker = composer.querySelector("[data-template]");
  picker?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (picker.value.trim()) composer.requestSubmit(composer.querySelector("[data-use-template]"));
    else composer.querySelector("input[name=name], [data-body]")?.focus();
  });
  if (body && composer.dataset.filled !== undefined && !selectOpen(body)) {
    body.focus();
    body.setSelectionRange(body.value.length, body.value.length);
  }
  body?.addEventListener("keydown", (event) => {
    // While variables are open, Tab goes to the next one.
    if (event.key === "Tab" && !event.shiftKey && OPEN.test(body.value) && selectOpen(body)) event.preventDefault();
  });
}

// --- Ctrl+Enter publishes, after saying what will happen ---------------------------------------------------------------------
function askDialog(part, button) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "ask-title");
  const header = document.createElement("div");
  header.className = "dialog-header";
  const title = document.createElement("h2");
  title.id = "ask-title";
  title.textContent = button.dataset.ask || "Publish now?";
  header.append(title);
  const body = document.createElement("div");
  body.className = "dialog-body";
  body.innerHTML = part;
  const actions = document.createElement("div");
  actions.className = "dialog-actions";
  const stay = document.createElement("button");
  stay.type = "button";
  stay.className = "button";
  stay.textContent = "Go on writing";
  stay.addEventListener("click", () => dialog.close());
  const go = document.createElement("button");
  go.type = "button";
  go.className = "button button-primary";
  go.dataset.goOn = "";
  go.textContent = "Publish now";
  go.addEventListener("click", () => {
    dialog.close();
    composer.dataset.asked = "";
    composer.requestSubmit(button);
  });
  actions.append(stay, go);
  body.append(actions);
  dialog.append(header, body);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      go.click();
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  go.focus();
}

async function ask(button) {
  const values = new FormData(composer, button);
  let answer = null;
  try {
    answer = await fetch(composer.dataset.confirmUrl, { method: "POST", body: values });
  } catch {
    answer = null;
  }
  delete composer.dataset.asking;
  button.removeAttribute("aria-busy");
  if (answer?.status === 200 && !answer.redirected) {
    askDialog(await answer.text(), button);
    return;
  }
  composer.dataset.asked = ""; // something is missing or the answer is late: the page itself says it best
  composer.requestSubmit(button);
}

// Before the forms of the house see it: a question is not yet a sending.
document.addEventListener("submit", (event) => {
  if (event.target !== composer || !event.submitter?.matches("[data-publish]")) return;
  if (composer.dataset.asked !== undefined) {
    delete composer.dataset.asked;
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  if (composer.dataset.asking !== undefined) return;
  composer.dataset.asking = "";
  event.submitter.setAttribute("aria-busy", "true");
  ask(event.submitter);
}, true);

document.addEventListener("keydown", (event) => {
  if (!composer || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  if (document.querySelector("dialog[open]")) return;
  event.preventDefault();
  composer.requestSubmit(composer.querySelector("[data-publish]"));
});

// --- who is here ---------------------------------------------------------------------------------------------------------------
const box = document.querySelector("[data-place]");
let typingUntil = 0;
let said = false;

function sayHere() {
  const typing = Date.now() < typingUntil;
  said = typing;
  const message = { type: "here", place: box.dataset.place, typing };
  document.dispatchEvent(new CustomEvent("live:say", { detail: { path: SOCKET, message } }));
}

if (box) {
  document.body.addEventListener("live:resync", sayHere);
  setInterval(sayHere, 15_000);
  setInterval(() => {
    if (said && Date.now() >= typingUntil) sayHere();
  }, 2_000);
  composer?.addEventListener("input", () => {
    typingUntil = Date.now() + 5_000;
    if (!said) sayHere();
  });
}
// A socket that opened before this file was read has had its first catch-up already.
if (box) setTimeout(sayHere, 500);
