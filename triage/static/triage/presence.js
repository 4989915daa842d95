// Who else is at a ticket or flag, and who is writing. This page gives a sign every few seconds while it is looked at;
// without one, 15 seconds later we count as gone (the server's lease). It locks nothing.
const EVERY = 5000;
const LEASE = 15_500;
const desk = document.querySelector("[data-people-url]");

if (desk) {
  const path = desk.dataset.live;
  let typedAt = -Infinity;
  let expiry;
  let asking = false;
  let askAgain = false;

  const sign = () => {
    if (document.hidden) return;
    const typing = performance.now() - typedAt < EVERY;
    const message = { type: "here", place: desk.dataset.at ?? "", typing };
    document.dispatchEvent(new CustomEvent("live:say", { detail: { path, message } }));
  };

  const show = (people) => {
    for (const place of document.querySelectorAll("[data-people-at]")) {
      const there = people[place.dataset.peopleAt] ?? [];
      place.hidden = there.length === 0;
      place.replaceChildren(
        ...there.map((one) => {
          const name = document.createElement("span");
          name.className = one.typing ? "person-at is-typing" : "person-at";
          name.textContent = one.typing ? `${one.name} is writing` : `${one.name} is here`;
          return name;
        }),
      );
    }
    clearTimeout(expiry);
    // Somebody whose computer died says nothing when they go.
    if (Object.keys(people).length > 0) expiry = setTimeout(ask, LEASE);
  };

  async function ask() {
    if (asking) {
      askAgain = true;
      return;
    }
    asking = true;
    try {
      const answer = await fetch(desk.dataset.peopleUrl, {
        headers: { Accept: "application/json", "X-Background": "1" },
      });
      if (answer.ok && !answer.redirected) show((await answer.json()).people);
    } catch {
      // The socket says when we are back.
    }
    asking = false;
    if (askAgain) {
      askAgain = false;
      ask();
    }
  }

  document.addEventListener("input", (event) => {
    if (!event.target.matches("form[data-kept-at] textarea")) return;
    const first = performance.now() - typedAt > EVERY;
    typedAt = performance.now();
    if (first) sign();
  });
  document.addEventListener("live:presence.changed", ask);
  document.addEventListener("live:state", (event) => {
    if (event.detail.open) {
      sign();
      ask();
    }
  });
  document.addEventListener("visibilitychange", sign);
  document.addEventListener("htmx:afterSettle", ask);
  setInterval(sign, EVERY);
}
