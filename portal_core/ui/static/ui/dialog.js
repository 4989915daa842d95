// <button data-opens-dialog="id"> opens <dialog id>; [data-closes-dialog] inside closes it. A link keeps working as a link
// when there is no script, or when it brings its dialog's content by htmx (then the page's own module opens it).
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
  const closer = event.target.closest("[data-closes-dialog]");
  closer?.closest("dialog")?.close();
});
