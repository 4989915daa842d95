// What is being written is kept on the server a moment after each stroke: it survives a reload, a crash, another device.
//   <form data-kept-at="…/draft/" data-kind="reply">  its textarea is kept there; [data-kept] says so
//   [data-insert="text"][data-into="field-id"]        puts a prepared answer or a colleague's name where the cursor stands
// While the server cannot be reached, the text stays in this tab (ui/forms.js) and is sent as soon as it can be.
const PAUSE = 700;
const AGAIN = 5000;

const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
const fieldOf = (form) => form.querySelector("textarea");
const whose = document.querySelector("[data-person]")?.dataset.person ?? "";
const local = (form) => `draft:${whose}:${form.dataset.draft}`; // as ui/forms.js calls it

function say(form, text, tone = "") {
  const place = form.querySelector("[data-kept]");
  if (!place) return;
  place.textContent = text;
  place.classList.toggle("is-warning", tone === "warning");
}

class Kept {
  constructor(form) {
    this.form = form;
    this.field = fieldOf(form);
    this.saved = this.field.value;
    this.restore();
    this.field.addEventListener("input", () => this.later(PAUSE));
    form.addEventListener("submit", () => this.stop());
    addEventListener("pagehide", () => this.send(true));
    addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      // Back on a page the browser had kept: what stands here was sent, what is written from now on is kept again.
      this.over = false;
      this.saved = this.field.value;
    });
  }

  // What this tab still holds never reached the server: it is the newer one.
  restore() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(local(this.form)) ?? "{}")[this.field.name];
      if (kept && kept !== this.saved) {
        this.field.value = kept;
        this.later(0);
      }
    } catch {
      // Nothing readable was kept here.
    }
  }

  later(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), pause);
  }

  stop() {
    this.over = true;
    clearTimeout(this.timer);
    this.request?.abort();
  }

  async send(leaving = false) {
    const text = this.field.value;
    if (this.over || text === this.saved) return;
    const body = new FormData();
    body.set("kind", this.form.dataset.kind);
    body.set(this.field.name, text);
    this.request?.abort();
    this.request = new AbortController();
    let answer;
    try {
      answer = await fetch(this.form.dataset.keptAt, {
        method: "POST",
        body,
        headers: { "X-CSRFToken": token() },
        keepalive: leaving,
        signal: leaving ? undefined : this.request.signal,
      });
    } catch (error) {
      if (error.name === "AbortError") return;
      answer = null;
    }
    if (!answer?.ok || answer.redirected) {
      say(this.form, "Not kept yet: no connection. It stays in this tab; we try again.", "warning");
      this.later(AGAIN);
      return;
    }
    const told = await answer.json();
    this.saved = text;
    if (this.field.value === text) sessionStorage.removeItem(local(this.form));
    if (told.claimed) say(this.form, "Kept. You have this one now.");
    else if (told.owner && !told.mine) say(this.form, `Kept. ${told.owner} has this one: talk before you send.`, "warning");
    else say(this.form, text.trim() ? "Kept." : "");
  }
}

for (const form of document.querySelectorAll("form[data-kept-at]")) new Kept(form);

document.addEventListener("click", (event) => {
  const source = event.target.closest("[data-insert]");
  const field = source && document.getElementById(source.dataset.into);
  if (!field) return;
  event.preventDefault();
  const gap = field.value && source.matches("a") ? "\n\n" : "";
  field.focus();
  const start = field.selectionStart ?? field.value.length;
  field.setRangeText((start === field.value.length ? gap : "") + source.dataset.insert, start, field.selectionEnd ?? start, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  const folded = source.closest("details.canned");
  if (folded) folded.open = false;
});
