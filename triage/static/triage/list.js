// The list of a desk by keyboard: j and k move a cursor (the real focus, so Enter opens), the deeds above the list act on
// the row it stands on, x ticks it. Ticks and cursor survive a live refresh of the list.
const list = () => document.querySelector("#tickets, #flag-list");
const rows = () => [...(list()?.querySelectorAll("[data-row]") ?? [])];

let at = ""; // public id of the row the cursor stands on

function bare(link) {
  const url = new URL(link.href);
  return { path: url.pathname, query: url.search };
}

function stand(row, focus = true) {
  at = row?.dataset.row ?? "";
  for (const other of rows()) other.classList.toggle("is-cursor", other === row);
  const deeds = document.querySelector("[data-row-deeds]");
  if (deeds) deeds.hidden = !row;
  if (!row) return;
  const { path, query } = bare(row);
  for (const form of document.querySelectorAll("[data-row-post]")) form.action = path + form.dataset.rowPost;
  for (const link of document.querySelectorAll("[data-row-open]")) link.href = path + query + link.dataset.rowOpen;
  if (focus) {
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
}

function move(step) {
  const all = rows();
  const place = all.findIndex((row) => row.dataset.row === at);
  const next = place < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(place + step, 0), all.length - 1);
  stand(all[next]);
}

const here = () => at || list()?.querySelector("[aria-current=true]")?.dataset.row || "";
const ticks = () => [...(list()?.querySelectorAll(".row-tick") ?? [])];

function count() {
  const ticked = ticks().filter((box) => box.checked).length;
  for (const figure of document.querySelectorAll("[data-bulk-count]")) figure.textContent = String(ticked);
  document.getElementById("bulk")?.classList.toggle("has-ticks", ticked > 0);
}

document.addEventListener("click", (event) => {
  const mover = event.target.closest("[data-move]");
  if (mover) move(Number(mover.dataset.move));
  if (event.target.closest("[data-tick-row]")) {
    const box = ticks().find((one) => one.value === here());
    if (box) {
      box.checked = !box.checked;
      count();
      rows().find((row) => row.dataset.row === here())?.focus({ preventScroll: true });
    }
  }
});
document.addEventListener("change", (event) => {
  if (event.target.matches(".row-tick")) count();
});
// Tab moves the cursor too. A press of the mouse must not: the deeds would appear above the list, the row would slip
// away from under the pointer, and the click would be lost.
document.addEventListener("focusin", (event) => {
  const row = event.target.matches?.(":focus-visible") ? event.target.closest("[data-row]") : null;
  if (row && row.dataset.row !== at) stand(row, false);
});

let kept = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target !== list()) return;
  kept = {
    ticked: new Set(ticks().filter((box) => box.checked).map((box) => box.value)),
    focused: document.activeElement?.closest?.("[data-row]") !== null,
  };
});
// At once, not when htmx has settled: a press in between would find nothing ticked, and a second refresh would keep that.
document.addEventListener("htmx:afterSwap", () => {
  if (!kept) return;
  const { ticked, focused } = kept;
  kept = null;
  for (const box of ticks()) box.checked = ticked.has(box.value);
  const row = rows().find((one) => one.dataset.row === at);
  if (at) stand(row, focused);
  count();
});
count();
