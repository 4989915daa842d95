// The call screen works without this: then the server counts from the opening of the page to the press of "Log".
// With it the clock runs before one's eyes and can be stopped, the script follows the kind of request, Enter in a field
// logs the call instead of searching, and a call picked from the line brings its number along.
const form = document.querySelector("[data-call]");

if (form) {
  const clock = form.querySelector("[data-call-clock]");
  const stop = form.querySelector("[data-call-stop]");
  const long = form.querySelector("[data-call-long]");
  const seconds = form.elements.namedItem("call_seconds");
  const log = form.querySelector("[data-call-log]");
  const limit = Number(form.dataset.long);

  const stopped = form.elements.namedItem("stopped");

  let counted = Number(clock.dataset.elapsed); // up to `since`
  let since = "stopped" in clock.dataset ? null : performance.now();
  const now = () => Math.floor(counted + (since === null ? 0 : (performance.now() - since) / 1000));

  function show() {
    const total = now();
    clock.textContent = `${Math.floor(total / 60)}:${String(total % 60).padStart(2, "0")}`;
    clock.classList.toggle("is-long", total >= limit);
    long.hidden = total < limit;
    seconds.value = String(total);
    stopped.value = since === null ? "1" : "";
    clock.classList.toggle("is-stopped", since === null);
  }

  function rename() {
    const label = stop.querySelector("span");
    const other = stop.dataset.goOn;
    stop.dataset.goOn = label.textContent;
    label.textContent = other;
  }

  stop.addEventListener("click", () => {
    if (since === null) {
      since = performance.now();
    } else {
      counted = now();
      since = null;
    }
    rename();
    show();
  });

  if (since === null) rename();
  clock.hidden = stop.hidden = false;
  show();
  const timer = setInterval(show, 1000);
  addEventListener("pagehide", () => clearInterval(timer));
  form.addEventListener("submit", show);

  const scripts = [...form.querySelectorAll("[data-script]")];
  const more = form.elements.namedItem("more");
  form.addEventListener("change", (event) => {
    if (event.target.name === "category") more.value = "";
    if (event.target === more && more.value) {
      for (const box of form.querySelectorAll("[name=category]")) box.checked = false;
    }
    if (event.target.name === "line_call" && event.target.dataset.phone) {
      const phone = form.elements.namedItem("phone");
      if (!phone.value) phone.value = event.target.dataset.phone;
    }
    const kind = more.value || form.querySelector("[name=category]:checked")?.value;
    for (const script of scripts) script.hidden = script.dataset.script !== kind;
  });

  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    const anywhere = event.ctrlKey || event.metaKey;
    const inField = event.target.matches("input:not([type=checkbox]):not([type=radio])") && event.target.name !== "q";
    const onBox = event.target.matches("input[type=checkbox], input[type=radio]");
    if (!anywhere && !inField && !onBox) return;
    event.preventDefault();
    form.requestSubmit(log);
  });
}
