// <button data-opens-dialog="id"> opens <dialog id>; [data-closes-dialog] inside closes it; so does a click beside it.
// <a href="…" data-dialog> shows that page's main part in a dialog and stays a plain link without scripts.
// <form data-confirm="Really?"> asks once more before it is sent; data-confirm-yes is the word on the button that does it,
// where the one that was pressed does not say it.
import { keepToasts, toast } from "./toast.js";

const PARTS = ["[data-dialog-part]", "main .page-content", "main"]; // the first that the page has

function build(title) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  const header = document.createElement("div");
  header.className = "dialog-header";
  const heading = document.createElement("h2");
  heading.id = `dialog-${crypto.randomUUID?.() ?? Math.random().toString(36).slice(2)}`;
  heading.textContent = title;
  dialog.setAttribute("aria-labelledby", heading.id);
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button-icon";
  close.setAttribute("aria-label", "Close");
  close.dataset.closesDialog = "";
  close.textContent = "×";
  header.append(heading, close);
  const body = document.createElement("div");
  body.className = "dialog-body";
  dialog.append(header, body);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  return { dialog, heading, body };
}

// --- a page in a dialog ------------------------------------------------------------------------------------------------
function fill(box, text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const part = PARTS.map((part) => page.querySelector(part)).find(Boolean);
  const title = page.querySelector("main h1");
  if (title) box.heading.textContent = title.textContent.trim();
  title?.remove();
  box.body.replaceChildren(...(part ? part.childNodes : []));
  window.htmx?.process(box.body);
  (box.body.querySelector("[data-error-summary]") ?? box.body.querySelector("[autofocus], input:not([type=hidden]), textarea, select"))?.focus();
}

async function openPage(link) {
  let answer;
  try {
    answer = await fetch(link.href, { headers: { Accept: "text/html" } });
  } catch {
    answer = null;
  }
  if (!answer?.ok || answer.redirected) {
    location.assign(link.href); // signed out, moved or refused: the page itself says so best
    return;
  }
  const box = build(link.textContent.trim());
  box.dialog.showModal();
  fill(box, await answer.text());
  box.dialog.addEventListener("submit", (event) => send(event, box, link.href));
}

async function send(event, box, address) {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented || form.hasAttribute("hx-post")) return;
  event.preventDefault();
  if (form.dataset.sending !== undefined) return;
  form.dataset.sending = "";
  event.submitter?.setAttribute("aria-busy", "true");
  const body = new FormData(form, event.submitter);
  let answer;
  try {
    answer = await fetch(form.getAttribute("action") ? form.action : address, { method: "POST", body });
  } catch {
    delete form.dataset.sending;
    event.submitter?.removeAttribute("aria-busy");
    toast("No connection. What you typed is still here; try again in a moment.", "danger");
    return;
  }
  const text = await answer.text();
  if (answer.status === 422) {
    fill(box, text);
    return;
  }
  if (!answer.redirected) toastOf(text, "[data-refusal]", "warning");
  else keepToasts(text); // the page we are about to load was shown once already, and its messages with it
  if (answer.redirected) location.assign(answer.url);
  else box.dialog.close();
}

function toastOf(text, selector, tone) {
  const said = new DOMParser().parseFromString(text, "text/html").querySelector(selector)?.textContent.trim();
  toast(said || "That did not work. Reload the page and try again.", tone);
}

// --- asking once more --------------------------------------------------------------------------------------------------
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
    if (!question || form.dataset.confirmed !== undefined) {
      delete form.dataset.confirmed;
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    const { submitter } = event;
    const { dialog, body } = build(question);
    const actions = document.createElement("div");
    actions.className = "dialog-actions";
    const stay = document.createElement("button");
    stay.type = "button";
    stay.className = "button";
    stay.textContent = "Cancel";
    stay.dataset.closesDialog = "";
    const go = document.createElement("button");
    go.type = "button";
    go.className = submitter?.classList.contains("button-danger") ? "button button-danger" : "button button-primary";
    go.textContent = form.dataset.confirmYes || submitter?.textContent.trim() || "Go on";
    go.addEventListener("click", () => {
      form.dataset.confirmed = "";
      dialog.close();
      form.requestSubmit(submitter);
    });
    actions.append(stay, go);
    body.append(actions);
    dialog.showModal();
    stay.focus();
  },
  true,
);

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens-dialog]");
  if (opener && !opener.hasAttribute("hx-get")) {
    const dialog = document.getElementById(opener.dataset.opensDialog);
    if (dialog instanceof HTMLDialogElement && !dialog.open) {
      event.preventDefault();
      dialog.showModal();
    }
    return;
  }
  const link = event.target.closest("a[data-dialog]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    openPage(link);
    return;
  }
  event.target.closest("[data-closes-dialog]")?.closest("dialog")?.close();
});

// A click on the dimmed page beside the dialog closes it, unless something was typed in it.
document.addEventListener("mousedown", (event) => {
  const dialog = event.target;
  if (!(dialog instanceof HTMLDialogElement) || !dialog.classList.contains("dialog")) return;
  const box = dialog.getBoundingClientRect();
  const outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
  const typed = [...dialog.querySelectorAll("input, textarea")].some((field) => field.value !== field.defaultValue);
  if (outside && !typed) dialog.close();
});
