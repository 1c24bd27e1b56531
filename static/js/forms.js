// Forms: one submission at a time, focus on the error summary, Show buttons, file drop, questions that follow
// an answer.

const SUBMIT = "button:not([type]), button[type=submit], input[type=submit]";
const submitting = new Set();

function announce(text) {
  document.getElementById("live-region").textContent = text;
}

// aria-disabled instead of disabled: the clicked button keeps its focus and its name=value pair is sent.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (submitting.has(form)) {
    event.preventDefault();
    return;
  }
  submitting.add(form);
  for (const button of form.querySelectorAll(SUBMIT)) button.setAttribute("aria-disabled", "true");
  event.submitter?.setAttribute("aria-busy", "true");
});

// Also after Back: the browser may show the page as it was left, in the middle of a submission.
window.addEventListener("pageshow", () => {
  for (const form of submitting) {
    for (const button of form.querySelectorAll(SUBMIT)) {
      button.removeAttribute("aria-disabled");
      button.removeAttribute("aria-busy");
    }
  }
  submitting.clear();
});

function addShowButton(input, onToggle) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button--quiet";
  button.textContent = "Show";
  const label = input.labels[0]?.textContent.trim() ?? "";
  const render = (shown) => {
    button.textContent = shown ? "Hide" : "Show";
    button.setAttribute("aria-label", `${button.textContent} ${label}`);
  };
  let shown = false;
  button.addEventListener("click", () => {
    shown = !shown;
    render(shown);
    onToggle(shown);
    announce(`${label} ${shown ? "shown" : "hidden"}`);
  });
  render(shown);
  // Beside the input, which stays where it is: moving it would take the focus from whoever is typing.
  input.after(button);
}

function enhance(root) {
  for (const input of root.querySelectorAll("input[type=password]:not([data-enhanced])")) {
    input.dataset.enhanced = "true";
    addShowButton(input, (shown) => { input.type = shown ? "text" : "password"; });
  }
  for (const input of root.querySelectorAll("input[data-mask]:not([data-enhanced])")) {
    input.dataset.enhanced = "true";
    let shown = false;
    const mask = () => input.classList.toggle("masked", !shown && document.activeElement !== input);
    input.addEventListener("focus", mask);
    input.addEventListener("blur", mask);
    addShowButton(input, (now) => { shown = now; mask(); });
    mask();
  }
  for (const zone of root.querySelectorAll("[data-file-drop]:not([data-enhanced])")) {
    zone.dataset.enhanced = "true";
    enhanceFileDrop(zone);
  }
}

function sizeText(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function isAccepted(file, accept) {
  return !accept || accept.split(",").map((part) => part.trim().toLowerCase()).some((part) =>
    part.startsWith(".") ? file.name.toLowerCase().endsWith(part)
      : part.endsWith("/*") ? file.type.startsWith(part.slice(0, -1)) : file.type === part);
}

function fileProblem(file, input) {
  const limit = Number(input.dataset.maxBytes);
  if (!isAccepted(file, input.accept)) return `${file.name} is not a kind of file that we can take.`;
  if (limit && file.size > limit) return `${file.name} is ${sizeText(file.size)}. The limit is ${sizeText(limit)}.`;
  return "";
}

function enhanceFileDrop(zone) {
  const input = zone.querySelector("input[type=file]");
  const chosen = zone.querySelector("[data-file-drop-chosen]");
  const refused = zone.querySelector("[data-file-drop-refused]");
  zone.querySelector("[data-file-drop-invitation]").hidden = false;

  const check = () => {
    const file = input.files[0];
    const problem = file ? fileProblem(file, input) : "";
    chosen.classList.toggle("field-error", Boolean(problem));
    chosen.textContent = problem ? `Error: ${problem}` : file ? `${file.name}, ${sizeText(file.size)}` : "";
    if (problem) input.value = "";
    // Without it, going on would leave the file out and not say so.
    refused.value = problem;
    if (file) announce(chosen.textContent);
  };
  const over = (isOver) => (event) => {
    event.preventDefault();
    zone.classList.toggle("file-drop--over", isOver);
  };
  input.addEventListener("change", check);
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", (event) => {
    over(false)(event);
    if (!event.dataTransfer.files.length) return;
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    input.files = one.files;
    check();
  });
}

// A question that follows answers is shown when all of them are given ("&" stands between them, "|" between the
// values of one); without scripts its label says when.
function answersTo(form, name) {
  const given = new FormData(form).getAll(name).map(String);
  return given.length ? given : [""];
}

function isAsked(field) {
  const form = field.closest("form");
  const isGivenOneOf = (name, list) => answersTo(form, name).some((answer) => list.split("|").includes(answer));
  const { follows, followsValues, followsNot, followsOr, followsOrValues } = field.dataset;
  if (followsOr && isGivenOneOf(followsOr, followsOrValues)) return true;
  const [values, refused] = [followsValues.split("&"), followsNot.split("&")];
  return follows.split("&").every((name, number) =>
    values[number] ? isGivenOneOf(name, values[number]) : !isGivenOneOf(name, refused[number]));
}

function showWhatIsAsked(root) {
  for (const field of root.querySelectorAll("[data-follows]")) {
    const words = field.querySelector(".optional");
    if (words) words.hidden = true;
    field.hidden = !isAsked(field) && !field.classList.contains("field--invalid");
  }
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form");
  if (form) showWhatIsAsked(form);
});
// Back brings answers back after the script has run.
window.addEventListener("pageshow", () => showWhatIsAsked(document));

enhance(document);
showWhatIsAsked(document);
document.addEventListener("htmx:after:process", (event) => {
  enhance(event.target);
  if (event.target.querySelectorAll) showWhatIsAsked(event.target);
});
document.querySelector("[data-error-summary]")?.focus();
