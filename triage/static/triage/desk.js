// Links that open a folded form on the page and put the cursor into it.
function reveal(target) {
  if (!target) return;
  const folded = target.closest("details");
  if (folded) folded.open = true;
  const field = target.matches("input, textarea, select")
    ? target
    : target.querySelector("input:not([type=hidden]), textarea, select");
  (field ?? target).focus({ preventScroll: true });
  target.scrollIntoView({ block: folded === target ? "start" : "center" });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-open], a[data-focus]");
  if (!link) return;
  event.preventDefault();
  const wanted = link.hash.slice(1);
  const target = document.getElementById(wanted);
  if (target) reveal(target);
  else reopen(wanted);
});

// The button came with a live refresh, its form did not: the page as it is now has both.
function reopen(wanted) {
  history.replaceState(history.state, "", `${location.pathname}${location.search}#do-${wanted}`);
  location.reload();
}

// A key of the list opens the ticket with the form it wants: …/tickets/<id>/#do-note. The name is nobody's id: the browser
// would move the focus away from the field to whatever has it.
if (location.hash.startsWith("#do-")) {
  const wanted = document.getElementById(location.hash.slice("#do-".length));
  history.replaceState(history.state, "", location.pathname + location.search);
  if (wanted) reveal(wanted);
}

// The ten seconds of an undo, by the server's clock as it was when the page came.
for (const bar of document.querySelectorAll("[data-undo]")) {
  const ends = performance.now() + Math.min(10_000, Math.max(0, Date.parse(bar.dataset.expires) - Date.now()));
  const tick = () => {
    const left = Math.ceil((ends - performance.now()) / 1000);
    if (left <= 0) {
      bar.remove();
      return;
    }
    bar.querySelector("[data-undo-left]").textContent = `(${left})`;
    setTimeout(tick, 250);
  };
  tick();
}
