// A stackable table is drawn as cards on a phone, and browsers then forget that it is a table. Roles remind them.
const ROLES = [["thead, tbody", "rowgroup"], ["tr", "row"], ["thead th", "columnheader"], ["tbody th", "rowheader"], ["td", "cell"]];

function remind(root = document) {
  for (const table of root.querySelectorAll("table.stackable")) {
    table.setAttribute("role", "table");
    for (const [selector, role] of ROLES) {
      for (const part of table.querySelectorAll(selector)) if (!part.hasAttribute("role")) part.setAttribute("role", role);
    }
  }
}

remind();
document.addEventListener("htmx:afterSettle", (event) => remind(event.target.parentElement ?? document));
