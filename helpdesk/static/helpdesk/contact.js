// The contact form and the patient's own work without this. With it: the screen's size is filled in, a known problem
// shows only beside the kind of trouble it explains, and a field only where it is about the kind chosen.
const form = document.querySelector("[data-contact-form]");

if (form) {
  const screenField = form.elements.namedItem("screen");
  if (screenField && !screenField.value) {
    screenField.value = `${window.screen.width}x${window.screen.height}`;
  }

  const category = form.elements.namedItem("category");
  const notices = [...form.querySelectorAll("[data-known-for]")];
  const show = () => {
    for (const notice of notices) {
      notice.hidden = !notice.dataset.knownFor.split(" ").includes(category.value);
    }
  };
  category.addEventListener("change", show);
  show();
}
