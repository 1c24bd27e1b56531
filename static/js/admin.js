// Staff's pages: “/” goes to the search, and on a phone the list of all pages starts closed.

const PHONE = "(width < 48rem)";

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
  if (document.documentElement.dataset.shortcuts === "off") return;
  event.preventDefault();
  document.querySelector("[data-ops-search]")?.focus();
});

if (matchMedia(PHONE).matches) {
  for (const part of document.querySelectorAll("[data-ops-nav]")) part.open = false;
}
