// Display preferences take effect at once; the cookie that keeps them is set by the form's POST.

for (const form of document.querySelectorAll("form[data-preview]")) {
  form.addEventListener("change", ({ target }) => {
    const { name, value } = target;
    if (name === "theme" && value === "system") delete document.documentElement.dataset.theme;
    else if (name === "theme" || name === "palette") document.documentElement.dataset[name] = value;
  });
}
