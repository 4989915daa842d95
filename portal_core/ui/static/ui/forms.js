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
const key = (form) => `draft:${form.dataset.draft}`;

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
  if (event.target.dataset.draft && !event.defaultPrevented) sessionStorage.removeItem(key(event.target));
});
