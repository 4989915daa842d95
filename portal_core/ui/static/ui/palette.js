// Ctrl-K (or ⌘K): everything this page can do, found by typing. It reads what is there and keeps no list of its own: the
// single keys ([data-key]), other commands ([data-command], its value a word before the name), the rows of a list
// ([data-row]) and the navigation. Choosing one presses it.
import { nameOf, visible } from "./shortcuts.js";

const SHOWN = 40;
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function found() {
  const seen = new Set();
  const all = [];
  const add = (element, kind, name, key = "") => {
    if (!name || seen.has(element) || element.disabled) return;
    seen.add(element);
    all.push({ element, kind, name, key, words: plain(`${kind} ${name}`) });
  };
  for (const one of document.querySelectorAll("[data-key]")) if (visible(one)) add(one, "", nameOf(one), one.dataset.key);
  for (const one of document.querySelectorAll("[data-command]")) {
    const kind = one.dataset.command;
    // What stands in a folded part counts; what the page hides does not.
    if (visible(one) || one.closest("details:not([open])")) add(one, kind, nameOf(one));
  }
  for (const one of document.querySelectorAll("[data-row]")) {
    const name = one.querySelector("strong")?.textContent.trim().replace(/\s+/g, " ") ?? "";
    const what = one.querySelector(".ticket-what")?.textContent.trim() ?? "";
    if (visible(one)) add(one, "Open", [name, what].filter(Boolean).join(", "));
  }
  for (const one of document.querySelectorAll(".nav-link")) add(one, "Go to", nameOf(one));
  return all;
}

function open() {
  const commands = found();
  const dialog = document.createElement("dialog");
  dialog.className = "dialog palette";
  dialog.setAttribute("aria-label", "Commands");
  const field = document.createElement("input");
  field.type = "search";
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-expanded", "true");
  field.setAttribute("aria-controls", "palette-list");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-label", "What do you want to do?");
  field.placeholder = "What do you want to do?";
  field.autocomplete = "off";
  field.spellcheck = false;
  const list = document.createElement("ul");
  list.id = "palette-list";
  list.className = "palette-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Commands");
  const nothing = document.createElement("p");
  nothing.className = "muted palette-nothing";
  nothing.setAttribute("role", "status");
  dialog.append(field, list, nothing);

  let shown = [];
  let at = 0;
  const point = (place) => {
    at = Math.min(Math.max(place, 0), shown.length - 1);
    for (const [number, row] of [...list.children].entries()) row.setAttribute("aria-selected", String(number === at));
    const row = list.children[at];
    if (row) {
      field.setAttribute("aria-activedescendant", row.id);
      row.scrollIntoView({ block: "nearest" });
    } else field.removeAttribute("aria-activedescendant");
  };
  const choose = (command) => {
    dialog.close();
    if (!command) return;
    command.element.focus();
    command.element.click();
  };
  const draw = () => {
    const words = plain(field.value).split(/\s+/).filter(Boolean);
    shown = commands.filter((command) => words.every((word) => command.words.includes(word))).slice(0, SHOWN);
    list.replaceChildren(
      ...shown.map((command, number) => {
        const row = document.createElement("li");
        row.id = `palette-${number}`;
        row.setAttribute("role", "option");
        const name = document.createElement("span");
        name.textContent = command.kind ? `${command.kind}: ${command.name}` : command.name;
        row.append(name);
        if (command.key) {
          const key = document.createElement("kbd");
          key.textContent = command.key;
          row.append(key);
        }
        row.addEventListener("click", () => choose(command));
        row.addEventListener("pointermove", () => point(number));
        return row;
      }),
    );
    nothing.textContent = shown.length ? "" : "Nothing on this page is called that.";
    point(0);
  };
  field.addEventListener("input", draw);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) point(at + step);
    else if (event.key === "Enter") choose(shown[at]);
    else return;
    event.preventDefault();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  draw();
  field.focus();
}

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== "k") return;
  const other = document.querySelector("dialog[open]");
  if (other && !other.classList.contains("palette")) return;
  event.preventDefault();
  if (other) other.close();
  else open();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-opens-palette]") && !document.querySelector("dialog[open]")) open();
});
