// Runs before the first paint, so it is a plain script: says that scripts run, and keeps the chosen theme from flashing.
document.documentElement.classList.add("js");
try {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is forbidden here: the system's theme stays.
}
