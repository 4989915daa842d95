// The service worker of browser notifications. It shows what it is sent and opens its page; it never touches a request.

self.addEventListener("push", (event) => {
  let said = {};
  try {
    said = event.data ? event.data.json() : {};
  } catch {
    // Not ours, or of a later version: a browser that is woken has to show something.
  }
  event.waitUntil(
    self.registration.showNotification(said.title || "Status", {
      body: said.body || "",
      tag: said.tag || undefined,
      lang: said.lang || undefined,
      renotify: Boolean(said.tag),
      data: { url: said.url || "/status/" },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const wanted = new URL(event.notification.data?.url || "/status/", self.location.origin);
  // Only pages of our own: a notification never leads elsewhere.
  const url = wanted.origin === self.location.origin ? wanted.href : new URL("/status/", self.location.origin).href;
  event.waitUntil(self.clients.openWindow(url));
});
