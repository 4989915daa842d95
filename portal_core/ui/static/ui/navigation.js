// The desk's navigation is open without scripts; on a phone it folds. Menus close when one looks elsewhere.
const wide = matchMedia("(min-width: 64rem)");

function fold() {
  for (const nav of document.querySelectorAll("[data-desk-nav]")) {
    nav.open = wide.matches;
    nav.dataset.ready = "";
  }
}

wide.addEventListener("change", fold);
fold();

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) if (menu !== except) menu.open = false;
}

document.addEventListener("click", (event) => closeMenus(event.target.closest("details[data-menu]")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details[data-menu][open]");
  closeMenus(null);
  menu?.querySelector("summary").focus();
});
