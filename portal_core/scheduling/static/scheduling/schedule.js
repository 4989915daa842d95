// Opens the appointment in a dialog over the day. Without this file the same link opens the appointment's own page.
function fit(dialog) {
  for (const part of dialog.querySelectorAll("[data-dialog-only]")) part.hidden = false;
}

document.addEventListener("htmx:afterSwap", (event) => {
  const dialog = event.target.closest?.("dialog#appointment-dialog");
  if (!dialog) return;
  fit(dialog);
  if (!dialog.open) dialog.showModal();
});

document.addEventListener("click", (event) => {
  // A press on the backdrop closes, as people expect of a window lying on top.
  if (event.target instanceof HTMLDialogElement && event.target.id === "appointment-dialog") event.target.close();
});
