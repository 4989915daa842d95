// Messages that came with the page, and those an answer to htmx carries: HX-Trigger: {"toast": {"text": …, "tone": "ok"}}.
// Good news leaves by itself; warnings and errors stay until they are dismissed.
const LEAVES_AFTER = 7000;
const STAYS = ["toast-warning", "toast-danger", "toast-error"];
const TONES = ["ok", "info", "warning", "danger"];

function settle(toast) {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button-icon";
  close.setAttribute("aria-label", "Dismiss");
  close.textContent = "×";
  close.addEventListener("click", () => toast.remove());
  toast.append(close);
  if (STAYS.some((name) => toast.classList.contains(name))) return;
  let timer;
  const start = () => {
    clearTimeout(timer);
    timer = setTimeout(() => toast.remove(), LEAVES_AFTER);
  };
  const stop = () => clearTimeout(timer);
  toast.addEventListener("pointerenter", stop);
  toast.addEventListener("focusin", stop);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusout", start);
  start();
}

function iconOf(tone) {
  const pattern = document.querySelector("[data-toast-icons]")?.content.querySelector(`[data-tone="${tone}"] svg`);
  return pattern ? [pattern.cloneNode(true)] : [];
}

export function toast(text, tone = "info") {
  const place = document.querySelector("[data-toasts]");
  if (!place || !text) return;
  const known = TONES.includes(tone) ? tone : "info";
  for (const shown of place.querySelectorAll("[data-toast]")) {
    if (shown.querySelector("p").textContent === text) shown.remove();
  }
  const box = document.createElement("div");
  box.className = `toast toast-${known}`;
  box.dataset.toast = "";
  if (known === "danger" || known === "warning") box.setAttribute("role", "alert");
  const words = document.createElement("p");
  words.textContent = text;
  box.append(...iconOf(known), words);
  place.append(box);
  settle(box);
}

// For a page that was fetched before it is shown: its messages came with the first of the two.
export function keepToasts(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const kept = [...page.querySelectorAll("[data-toasts] [data-toast]")].map((box) => {
    const tone = { error: "danger", success: "ok" };
    const name = [...box.classList].find((css) => css.startsWith("toast-"))?.slice("toast-".length) ?? "info";
    return { text: box.querySelector("p").textContent, tone: tone[name] ?? name };
  });
  sessionStorage.setItem("toasts", JSON.stringify(kept));
}

function showKept() {
  try {
    for (const { text, tone } of JSON.parse(sessionStorage.getItem("toasts") ?? "[]")) toast(text, tone);
    sessionStorage.removeItem("toasts");
  } catch {
    // Storage is forbidden here: nothing was kept.
  }
}

document.querySelectorAll("[data-toasts] [data-toast]").forEach(settle);
showKept();
document.addEventListener("toast", (event) => toast(event.detail?.text, event.detail?.tone));

// An htmx request that was refused leaves the page as it was; the refusal's own sentence says why.
document.addEventListener("htmx:responseError", (event) => {
  const { status, responseText = "" } = event.detail.xhr;
  const page = new DOMParser().parseFromString(responseText, "text/html");
  const reason = page.querySelector("[data-refusal]")?.textContent.trim();
  const tone = status >= 500 ? "danger" : "warning";
  toast(reason || "That did not work. Reload the page and try again.", tone);
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => toast("No connection. What you typed is still here; try again in a moment.", "danger"));
}
