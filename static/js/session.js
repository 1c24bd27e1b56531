// Before a session ends for want of clicks: a dialog, and a button to stay. After it has ended the page is left as
// it is, with what was typed; once the same person has signed in on another page, its forms can be sent.

const WARN_SECONDS = 120;
const dialog = document.getElementById("session-end");
const part = (name) => dialog.querySelector(`[data-session-${name}]`);

const who = dialog.dataset.who;
let endsAt = Date.now() + Number(dialog.dataset.seconds) * 1000;
let timer = 0;

async function ask(method = "GET") {
  const headers = { Accept: "application/json" };
  if (method === "POST") headers["X-CSRFToken"] = dialog.querySelector("[name=csrfmiddlewaretoken]").value;
  const reply = await fetch(dialog.dataset.stateUrl, { method, headers, credentials: "same-origin" });
  if (!reply.ok) throw new Error(String(reply.status));
  return reply.json();
}

function take(state) {
  endsAt = Date.now() + state.seconds * 1000;
  if (!state.who) return;
  if (state.who !== who) return location.assign("/"); // somebody else has signed in: this page is not theirs
  for (const input of document.querySelectorAll("[name=csrfmiddlewaretoken]")) input.value = state.csrf;
}

async function look(method) {
  clearTimeout(timer);
  try {
    take(await ask(method));
  } catch {
    timer = setTimeout(look, 30_000); // the site is away for a moment
    return;
  }
  show();
}

function show() {
  clearTimeout(timer);
  const left = Math.round((endsAt - Date.now()) / 1000);
  if (left > WARN_SECONDS) {
    if (dialog.open) dialog.close();
    timer = setTimeout(look, (left - WARN_SECONDS) * 1000);
    return;
  }
  const over = left <= 0;
  part("soon").hidden = part("stay").hidden = over;
  part("over").hidden = part("sign-in").hidden = part("close").hidden = !over;
  document.getElementById("session-end-title").textContent = over ? "You are signed out" : "You will soon be signed out";
  part("left").textContent = left > 60 ? "2 minutes" : "less than a minute";
  if (!dialog.open) dialog.showModal();
  if (over) return;
  timer = setTimeout(left > 60 ? show : look, Math.min(left, Math.max(left - 60, 1)) * 1000);
}

dialog.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  look("POST");
});
part("close").addEventListener("click", () => dialog.close());
// Another page may have been used meanwhile, or may have signed in again.
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
window.addEventListener("focus", () => { if (dialog.open) look(); });
window.addEventListener("pageshow", (event) => { if (event.persisted) look(); });
show();
