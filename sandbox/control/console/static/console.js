// Keeps the [data-live] parts of the page up to date; without it the page works, and shows what was true when it was loaded.
const EVERY = 2000;
let paused = false;

async function refresh() {
  if (paused || document.hidden) return;
  try {
    const reply = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!reply.ok) return;
    const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(part.id);
      if (!next || next.innerHTML === part.innerHTML || part.contains(document.activeElement)) continue;
      const places = [...part.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
      part.replaceChildren(...next.childNodes);
      part.querySelectorAll(".scroll").forEach((one, index) => { one.scrollLeft = places[index] ?? 0; });
    }
  } catch {
    // The sandbox is restarting: the next turn finds it again.
  }
}

function addPause() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  const show = () => { button.textContent = paused ? "Resume updates" : "Pause updates"; };
  button.addEventListener("click", () => { paused = !paused; show(); });
  show();
  document.querySelector("header").append(button);
}

// A reload must not say again what was done.
const address = new URL(location.href);
address.searchParams.delete("done");
address.searchParams.delete("failed");
history.replaceState(null, "", address);

addPause();
setInterval(refresh, EVERY);
document.addEventListener("visibilitychange", refresh);
