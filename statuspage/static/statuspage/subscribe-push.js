// Asks the browser for its address and fills it into the form; the form itself is an ordinary one.

const form = document.querySelector("form[data-push-key]");

function bytes(text) {
  const padded = (text + "=".repeat((4 - (text.length % 4)) % 4)).replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(padded), (character) => character.charCodeAt(0));
}

async function address(key) {
  const registration = await navigator.serviceWorker.register("/push-worker.js", { scope: "/" });
  await navigator.serviceWorker.ready;
  const wanted = { userVisibleOnly: true, applicationServerKey: bytes(key) };
  try {
    return await registration.pushManager.subscribe(wanted);
  } catch (error) {
    // An address made for an earlier key of ours has to go first.
    const old = await registration.pushManager.getSubscription();
    if (!old || error.name !== "InvalidStateError") throw error;
    await old.unsubscribe();
    return registration.pushManager.subscribe(wanted);
  }
}

if (form) {
  const field = form.querySelector('input[name="subscription"]');
  const said = form.querySelector("[data-push-said]");
  const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  const say = (name) => {
    said.textContent = said.dataset[name];
    said.hidden = false;
  };
  if (!able) say("unable");
  form.addEventListener("submit", async (event) => {
    if (field.value) return;
    event.preventDefault();
    if (!able) return say("unable");
    const button = form.querySelector('button[type="submit"]');
    button.disabled = true;
    try {
      if ((await Notification.requestPermission()) !== "granted") return say("refused");
      field.value = JSON.stringify(await address(form.dataset.pushKey));
      form.submit();
    } catch {
      say("failed");
    } finally {
      button.disabled = false;
    }
  });
}
