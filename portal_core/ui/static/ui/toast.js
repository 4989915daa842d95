// Messages that came with the page, and those an answer to htmx carries: HX-Trigger: {"toast": {"text": …, "tone": "ok"}}.
// Good news leaves by itself; warnings and errors stay until they are dismissed.
const LEAVES_AFTER = 6000;
const STAYS = ["toast-warning", "toast-danger", "toast-error"];

function settle(toast) {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button-icon";
  close.setAttribute("aria-label", "Dismiss");
  close.textContent = "×";
  close.addEventListener("click", () => toast.remove());
  toast.append(close);
  if (STAYS.some((name) => toast.classList.contains(name))) return;
  let timer = setTimeout(() => toast.remove(), LEAVES_AFTER);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("focusin", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => {
    timer = setTimeout(() => toast.remove(), LEAVES_AFTER);
  });
}

document.querySelectorAll("[data-toast]").forEach(settle);

document.addEventListener("toast", (event) => {
  const { text, tone = "info" } = event.detail ?? {};
  const place = document.querySelector("[data-toasts]");
  if (!place || !text) return;
  const toast = document.createElement("div");
  toast.className = `toast toast-${["ok", "info", "warning", "danger"].includes(tone) ? tone : "info"}`;
  if (tone === "danger" || tone === "warning") toast.setAttribute("role", "alert");
  const words = document.createElement("p");
  words.textContent = text;
  toast.append(words);
  place.append(toast);
  settle(toast);
});
