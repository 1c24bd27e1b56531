// The ticket as one fills it in: what it comes to, and which answers do not go with the rest, as the server says.
// Without scripts the review page says the same.

const PAUSE_MS = 250;

class Ticket {
  constructor(form) {
    this.form = form;
    this.estimate = form.querySelector("[data-ticket-estimate]");
    form.addEventListener("input", () => this.wait());
    form.addEventListener("change", () => this.wait(0));
    // What is not asked is not sent: a price that was typed before has no say any more.
    form.addEventListener("submit", () => this.unasked().forEach((input) => { input.disabled = true; }));
    form.addEventListener("click", (event) => this.fill(event));
    form.addEventListener("pointerdown", () => this.hold());
    window.addEventListener("pageshow", () => {
      for (const input of form.querySelectorAll("[data-follows] :disabled")) input.disabled = false;
      if (form.elements.amount.value || form.elements.more) this.wait(0);
    });
  }

  unasked() {
    return [...this.form.querySelectorAll("[data-follows][hidden] :is(input, select)")];
  }

  wait(pause = PAUSE_MS) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), pause);
  }

  // The estimate moves the button below it: not while somebody presses it, or the press would be lost.
  hold() {
    this.released = new Promise((resolve) => {
      for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, () => setTimeout(resolve), { once: true });
    });
  }

  async ask() {
    const data = new FormData(this.form);
    for (const { name } of this.unasked()) data.delete(name);
    this.request?.abort();
    this.request = new AbortController();
    const { signal } = this.request;
    try {
      const reply = await fetch(this.form.dataset.estimateUrl, { method: "POST", body: data, signal });
      if (!reply.ok || reply.redirected) throw new Error(String(reply.status));
      const text = await reply.text();
      await this.released;
      if (this.request.signal !== signal) return; // asked again meanwhile
      this.estimate.innerHTML = text; // our own page, with every text escaped
      this.estimate.hidden = !this.estimate.querySelector("p, dl");
      this.showRefused();
    } catch (error) {
      if (error.name !== "AbortError") this.estimate.hidden = true; // the review says it all the same
    }
  }

  answers(name) {
    return [...this.form.querySelectorAll(`select[name="${name}"] option, input[name="${name}"]:is([type=radio], [type=checkbox])`)];
  }

  showRefused() {
    for (const hint of this.form.querySelectorAll("[data-reason-for]")) {
      const name = hint.dataset.reasonFor;
      const refused = new Map([...this.estimate.querySelectorAll(`[data-refused="${name}"]`)].map((each) => [each.dataset.value, each.textContent]));
      const lines = new Map();
      for (const answer of this.answers(name)) {
        const words = refused.get(answer.value);
        const chosen = answer.selected || answer.checked;
        // The one that is chosen stays as it is: nothing a person chose is changed for them.
        answer.disabled = Boolean(words) && !chosen;
        if (words) lines.set(words, [...(lines.get(words) ?? []), this.labelOf(answer)]);
      }
      const text = [...lines].map(([words, labels]) => `${labels.join(", ")}: ${words}`).join(" ");
      if (hint.textContent !== text) hint.textContent = text;
      hint.hidden = !lines.size || Boolean(hint.previousElementSibling?.hidden);
    }
  }

  labelOf(answer) {
    return (answer.labels?.[0] ?? answer).textContent.trim();
  }

  // Max and Sell all fill the ticket in; without scripts they are links that do.
  fill(event) {
    const link = event.target.closest("[data-fill]");
    if (!link) return;
    event.preventDefault();
    for (const [name, value] of new URLSearchParams(link.dataset.fill)) {
      for (const input of this.form.elements[name] instanceof RadioNodeList ? this.form.elements[name] : [this.form.elements[name]]) {
        if (input.type === "radio") input.checked = input.value === value;
        else input.value = value;
      }
    }
    this.form.dispatchEvent(new Event("change", { bubbles: true }));
    this.form.elements.amount.focus();
  }
}

for (const form of document.querySelectorAll("form[data-ticket]")) new Ticket(form);
