// Around allauth's passkey scripts: shows what needs them where the browser has passkeys, and says in the page
// when the device gave none.

const able = Boolean(window.PublicKeyCredential && navigator.credentials?.get);

for (const element of document.querySelectorAll("[data-passkey]")) element.hidden = !able;
for (const element of document.querySelectorAll("[data-no-passkey]")) element.hidden = able;

document.addEventListener("allauth.error", (event) => {
  event.preventDefault(); // a person who changes their mind is no fault of the page's
  for (const element of document.querySelectorAll("[data-passkey-error]")) element.hidden = false;
});
