// Figures with `data-price="SYMBOL"` follow the market: live.js brings what changed, about once a second.
//
//   <td data-price="AAPL">$200.10</td>                         the last price
//   <td data-price="AAPL" data-price-part="change">…</td>      its change since the previous close
//   <p data-price="AAPL" data-price-part="at">As of <time>…</time></p>
//   <div data-halted="AAPL" hidden>…</div>                     shown while trading in it is halted
//
// Parts: last, change, bid, ask, bidSize, askSize, high, low, volume, at. Nothing is read aloud; that prices have
// stopped is. Where scripts are off the figures are as of the page.

const SILENT_MS = 30_000; // prices that were not heard of for so long are only the last known
const LOOK_MS = 5_000;
const PARTS = ["last", "change", "direction", "bid", "ask", "bidSize", "askSize", "high", "low", "volume", "when", "at", "halted"];
const ARROWS = { up: "▲", down: "▼" };
const MISSING = "–";

const latest = new Map(); // by symbol
let heardAt = Date.now();
let lastWord = ""; // the newest instant of any price shown

const shown = () => document.querySelectorAll("[data-price]");

function span(className, text, hidden = false) {
  const made = document.createElement("span");
  if (className) made.className = className;
  if (hidden) made.ariaHidden = "true";
  made.textContent = text;
  return made;
}

function showChange(element, { change, direction }) {
  const delta = span(`delta${ARROWS[direction] ? ` delta--${direction}` : ""}`, "");
  if (ARROWS[direction]) delta.append(span("", ARROWS[direction], true), span("visually-hidden", `${direction} `));
  else if (direction === "") delta.append(span("visually-hidden", "no change "));
  delta.append(change);
  const now = element.querySelector(".delta");
  if (now) now.replaceWith(delta);
  else element.replaceChildren(delta);
}

// `text-decoration` alone moves: no flash, and nothing at all for those who want less motion (base.css). To begin the
// underlines anew the page has to be laid out without them: once for all, as it takes long where there are hundreds.
function mark(elements) {
  if (!elements.length) return;
  for (const element of elements) element.classList.remove("changed");
  void document.body.offsetWidth;
  for (const element of elements) element.classList.add("changed");
}

// Shows what a quote says in an element's place; whether that is something else now.
function show(element, quote) {
  const part = element.dataset.pricePart ?? "last";
  if (part === "at") {
    showAt(element, quote);
    return false;
  }
  const text = quote[part];
  if (text === undefined || text === element.dataset.priceShown) return false;
  const first = element.dataset.priceShown === undefined && element.textContent.trim().endsWith(text);
  element.dataset.priceShown = text;
  if (first) return false; // as the page said already
  if (part === "change") showChange(element, quote);
  else element.textContent = text;
  return text !== MISSING;
}

function showAt(element, quote) {
  const time = element.querySelector("time");
  if (!time) return;
  element.firstChild.data = "As of ";
  time.hidden = false;
  time.dateTime = quote.at;
  time.title = `${quote.at.slice(0, 16).replace("T", " ")} UTC`;
  time.textContent = quote.when;
}

function showAll() {
  mark([...shown()].filter((element) => {
    const quote = latest.get(element.dataset.price);
    return quote && show(element, quote);
  }));
  for (const notice of document.querySelectorAll("[data-halted]")) {
    const quote = latest.get(notice.dataset.halted);
    if (quote) notice.hidden = !quote.halted;
  }
}

function say(text) {
  const place = document.querySelector("[data-prices-stale]");
  if (!place || place.textContent.trim() === text) return;
  place.replaceChildren();
  if (!text) return;
  const line = document.createElement("p");
  line.textContent = text;
  const box = document.createElement("div");
  box.className = "container";
  box.append(line);
  const banner = document.createElement("div");
  banner.className = "stale";
  banner.append(box);
  place.append(banner);
}

function look() {
  if (document.hidden || !shown().length) return;
  if (Date.now() - heardAt < SILENT_MS) return say("");
  const when = lastWord || document.querySelector("[data-price-part=at] time:not([hidden])")?.textContent;
  say(`Prices have stopped. Those on this page are the last known${when ? `, ${when}` : ""}.`);
}

document.addEventListener("live:prices", ({ detail: { fresh, prices } }) => {
  if (fresh) heardAt = Date.now();
  for (const [symbol, row] of Object.entries(prices)) {
    const quote = Object.fromEntries(PARTS.map((part, index) => [part, row[index]]));
    latest.set(symbol, quote);
    lastWord = quote.when;
  }
  showAll();
  look();
});

// What was fetched anew may be some seconds older than what was pushed; unless prices have stopped being pushed.
document.addEventListener("live:swapped", () => {
  for (const element of shown()) delete element.dataset.priceShown;
  if (Date.now() - heardAt < SILENT_MS) showAll();
  else latest.clear();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) heardAt = Date.now(); });
setInterval(look, LOOK_MS);
