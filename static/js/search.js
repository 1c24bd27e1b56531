// Suggestions below `input[data-suggestions]` while one types: a combobox, whose address gives the options as links.
// Without scripts the field is a plain search form.

const PAUSE_MS = 120;
const STOP_MS = 400; // after which a text that finds nothing is taken for a misspelled one

class Combobox {
  constructor(input, number) {
    this.input = input;
    this.list = document.createElement("div");
    Object.assign(this.list, { id: `suggestions-${number}`, className: "suggestions", hidden: true, role: "listbox" });
    this.list.setAttribute("aria-label", "Suggestions");
    input.after(this.list);
    for (const [name, value] of Object.entries({ role: "combobox", "aria-controls": this.list.id, "aria-expanded": "false", "aria-autocomplete": "list" })) {
      input.setAttribute(name, value);
    }
    input.addEventListener("input", () => this.wait());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("focus", () => { if (this.list.children.length && this.asked === input.value.trim()) this.show(true); });
    document.addEventListener("pointerdown", (event) => {
      if (!this.list.contains(event.target) && event.target !== input) this.show(false);
    });
    input.addEventListener("blur", (event) => { if (!this.list.contains(event.relatedTarget)) this.show(false); });
  }

  options() {
    return [...this.list.querySelectorAll("[role=option]")];
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE_MS);
  }

  async ask(nearly = "") {
    const text = this.input.value.trim();
    if (!text) return this.show(false);
    this.asked = text;
    this.request?.abort();
    this.request = new AbortController();
    try {
      const reply = await fetch(`${this.input.dataset.suggestions}?q=${encodeURIComponent(text)}${nearly}`, { signal: this.request.signal });
      if (!reply.ok || reply.redirected || this.asked !== text) return;
      this.list.innerHTML = await reply.text(); // our own page, with every text escaped
      for (const [index, option] of this.options().entries()) option.id = `${this.list.id}-${index}`;
      this.choose(-1);
      this.show(true);
      const found = this.options().length;
      if (!found && !nearly) this.timer = setTimeout(() => this.ask("&nearly=1"), STOP_MS);
      const words = found ? `${found} ${found === 1 ? "suggestion" : "suggestions"}` : "Nothing found";
      const isMeant = this.list.querySelector("[role=group]") !== null;
      document.getElementById("live-region").textContent = isMeant ? `Nothing is called that. ${words} of what you may mean` : words;
    } catch {
      this.show(false); // what was typed can still be searched for
    }
  }

  show(open) {
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    if (open) return;
    clearTimeout(this.timer);
    this.choose(-1);
  }

  choose(index) {
    this.chosen = index;
    const options = this.options();
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    if (options[index]) {
      this.input.setAttribute("aria-activedescendant", options[index].id);
      options[index].scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const options = this.options();
    if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      return this.show(false);
    }
    if (event.key === "Enter" && !this.list.hidden && options[this.chosen]) {
      event.preventDefault();
      return location.assign(options[this.chosen].href);
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !options.length) return;
    event.preventDefault();
    this.show(true);
    const next = this.chosen + step;
    this.choose(next < -1 ? options.length - 1 : next >= options.length ? -1 : next);
  }
}

document.querySelectorAll("input[data-suggestions]").forEach((input, number) => new Combobox(input, number));
