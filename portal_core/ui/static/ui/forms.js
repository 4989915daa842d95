// A form is sent once; errors get the focus; what was typed in a [data-draft] form survives closing the page.
function release(form) {
  delete form.dataset.sending;
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog" || form.method === "get") return;
  if (form.dataset.sending !== undefined) {
    event.preventDefault();
    return;
  }
  form.dataset.sending = "";
  // The pressed button must stay enabled until the browser has read its name and value.
  event.submitter?.setAttribute("aria-busy", "true");
});

// Coming back by the back button finds the form usable again.
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sending]").forEach(release);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form");
  if (form) release(form);
});

document.querySelector("[data-error-summary]:not([data-specimen] *)")?.focus();

// --- drafts ------------------------------------------------------------------------------------------------------------
// A draft belongs to whoever is signed in: the next person in this tab never sees it, and their first page removes it.
// It goes once its form has arrived: an answer without anybody signed in, or a refusal, leaves it where it is.
const DRAFT = "draft:";
const SENT = "drafts.sent";
const whose = document.querySelector("[data-person]")?.dataset.person ?? "";
const key = (form) => `${DRAFT}${whose}:${form.dataset.draft}`;

function sent() {
  try {
    return JSON.parse(sessionStorage.getItem(SENT) ?? "[]");
  } catch {
    return [];
  }
}

function forget(unless) {
  for (const name of Object.keys(sessionStorage)) {
    if (name.startsWith(DRAFT) && !unless(name)) sessionStorage.removeItem(name);
  }
}

// The form comes back with what was typed where something in it was wrong.
function cameBack(name) {
  for (const form of document.querySelectorAll("form[data-draft]")) {
    if (key(form) !== name) continue;
    const kept = Object.entries(JSON.parse(sessionStorage.getItem(name) ?? "{}"));
    if (kept.some(([field, value]) => value.trim() && form.elements.namedItem(field)?.value === value)) return true;
  }
  return false;
}

function arrived() {
  const [visit] = performance.getEntriesByType("navigation");
  return whose !== "" && !document.querySelector("[data-refusal]") && visit?.type !== "back_forward";
}

if (whose) forget((name) => name.startsWith(`${DRAFT}${whose}:`));
if (arrived()) sent().filter((name) => !cameBack(name)).forEach((name) => sessionStorage.removeItem(name));
sessionStorage.removeItem(SENT);

function typed(form) {
  const values = {};
  for (const field of form.querySelectorAll("textarea[name], input[type=text][name]")) {
    if (field.value !== field.defaultValue) values[field.name] = field.value;
  }
  return values;
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key(form)) ?? "{}");
    for (const [name, value] of Object.entries(kept)) {
      const field = form.elements.namedItem(name);
      if (field && !field.value) field.value = value;
    }
  } catch {
    sessionStorage.removeItem(key(form));
  }
}

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.dataset.draft) sessionStorage.setItem(key(form), JSON.stringify(typed(form)));
});
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  const form = event.target;
  if (form.dataset.draft) sessionStorage.setItem(SENT, JSON.stringify([...sent(), key(form)]));
  if (form.dataset.forgets !== undefined) forget(() => false);
});
