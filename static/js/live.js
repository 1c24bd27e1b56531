// Keeps `[data-live-url]` elements current. The stream only says that something changed: the element is then
// fetched again from the page's own address and morphed in place. Without a stream, or when it is cut, the
// page polls. An element that comes back without `data-live-url` is final and is left alone.
//
//   <section id="transfer" data-live-url="/live/" data-live-for="transfer:ID" data-live-poll="5"
//            data-live-announce="Deposit complete">
//
// Figures with `data-price="SYMBOL"` have their prices pushed as well (prices.js). An element that is worked out from
// prices, with `data-live-prices="10"`, is fetched again when they move, at most once in so many seconds.
//
// `data-live-for`: noun:id or noun, separated by spaces; without it every change of this person's rows counts.
// `data-live-announce`: said through the live region when it changes; for terminal states only.

const POLL_SECONDS = 5;
const POLL_FACTOR_WHILE_PUSHED = 6; // a stream can be silent and dead
const RETRY_FIRST_MS = 2000;
const RETRY_LAST_MS = 60000;
const BURST_MS = 100;
const STREAM = "/live/";
const MOST_SYMBOLS = 250; // of one page, as the server takes them

let source = null;
let subscribed = "";
let pushed = false;
let pollTimer = 0;
let retryTimer = 0;
let retryDelay = RETRY_FIRST_MS;
const openedAt = Date.now();
const waiting = new Set(); // ids of elements about to be fetched
const announced = new Map(); // by element id

const movedAt = new Map(); // when an element was last fetched because prices moved, by its id

const elements = () => [...document.querySelectorAll("[data-live-url]")];

function symbols() {
  const shown = [...document.querySelectorAll("[data-price]")].map((element) => element.dataset.price);
  return [...new Set(shown)].slice(0, MOST_SYMBOLS).sort().join(",");
}

function concerns(element, change) {
  const wanted = element.dataset.liveFor?.split(/\s+/);
  return !wanted || !change?.noun || wanted.includes(change.noun) || wanted.includes(`${change.noun}:${change.id}`);
}

// One order is several changes within a moment: they are fetched together.
function refresh({ id }) {
  if (waiting.has(id)) return;
  waiting.add(id);
  setTimeout(() => {
    waiting.delete(id);
    const element = document.getElementById(id);
    if (!element?.matches("[data-live-url]") || element.querySelector("[aria-busy=true]")) return; // a form is on its way
    window.htmx.ajax("GET", location.pathname + location.search, {
      source: element, target: element, select: `#${CSS.escape(id)}`, swap: "outerMorph",
    });
  }, BURST_MS);
}

function refreshAll(change) {
  for (const element of elements()) if (concerns(element, change)) refresh(element);
}

// A form that was refused shows what was typed under an address of its own, which leads elsewhere when it is fetched;
// what somebody has begun to type is not taken from them either.
let hasTyped = false;
document.addEventListener("input", ({ target }) => { hasTyped ||= target.form?.method === "post"; });

function mayLeaveFor(url) {
  const { pathname } = new URL(url);
  if (pathname.startsWith("/accounts/")) return true; // signed out
  return !hasTyped && !document.querySelector("[data-error-summary]");
}

// A redirect (signed out, or the journey moved on) or an error has no such element: morphing would remove it.
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  if (!ctx.sourceElement?.matches?.("[data-live-url]")) return;
  const { raw } = ctx.response;
  if (raw.redirected && mayLeaveFor(raw.url)) location.assign(raw.url);
  if (raw.redirected || !raw.ok || !ctx.text.includes(`id="${ctx.sourceElement.id}"`)) event.preventDefault();
});

document.addEventListener("htmx:after:swap", () => {
  announceNews();
  document.dispatchEvent(new CustomEvent("live:swapped"));
  const wanted = symbols();
  if (!elements().length && !wanted) stop();
  else if (source && wanted !== subscribed) {
    source.close();
    source = null;
    listen();
  }
});

function refreshMoved() {
  for (const element of document.querySelectorAll("[data-live-url][data-live-prices]")) {
    if (Date.now() - (movedAt.get(element.id) ?? openedAt) < Number(element.dataset.livePrices) * 1000) continue;
    movedAt.set(element.id, Date.now());
    refresh(element);
  }
}

// What people opened stays open.
window.htmx.registerExtension("keep-open", {
  htmx_before_morph_attr: (element, { attrName }) => !(attrName === "open" && element.matches("details, dialog")),
});

function announceNews() {
  for (const element of document.querySelectorAll("[data-live-announce]")) {
    const text = element.dataset.liveAnnounce;
    if (announced.has(element.id) && announced.get(element.id) !== text && text) {
      document.getElementById("live-region").textContent = text;
    }
    announced.set(element.id, text);
  }
}

function poll() {
  clearTimeout(pollTimer);
  const [first] = elements();
  if (!first) return;
  const seconds = Number(first.dataset.livePoll) || POLL_SECONDS;
  pollTimer = setTimeout(() => {
    refreshAll();
    poll();
  }, seconds * 1000 * (pushed ? POLL_FACTOR_WHILE_PUSHED : 1));
}

function setPushed(value) {
  if (pushed === value) return;
  pushed = value;
  poll();
}

function listen() {
  const [first] = elements();
  const wanted = symbols();
  if ((!first && !wanted) || source || !window.EventSource) return;
  subscribed = wanted;
  source = new EventSource((first?.dataset.liveUrl ?? STREAM) + (wanted ? `?prices=${encodeURIComponent(wanted)}` : ""));
  source.addEventListener("open", () => {
    retryDelay = RETRY_FIRST_MS;
    setPushed(true);
  });
  source.addEventListener("changed", (event) => refreshAll(JSON.parse(event.data)));
  source.addEventListener("resync", () => refreshAll());
  source.addEventListener("prices", (event) => {
    const detail = JSON.parse(event.data);
    document.dispatchEvent(new CustomEvent("live:prices", { detail }));
    if (Object.keys(detail.prices).length) refreshMoved();
  });
  source.addEventListener("error", () => {
    setPushed(false);
    if (source?.readyState !== EventSource.CLOSED) return; // the browser reconnects by itself
    source = null;
    retryTimer = setTimeout(listen, retryDelay * (0.5 + Math.random() / 2));
    retryDelay = Math.min(retryDelay * 2, RETRY_LAST_MS);
  });
}

function start() {
  if (!elements().length && !symbols()) return;
  for (const { id, dataset } of elements()) announced.set(id, dataset.liveAnnounce ?? "");
  listen();
  poll();
}

function stop() {
  source?.close();
  source = null;
  pushed = false;
  clearTimeout(pollTimer);
  clearTimeout(retryTimer);
}

// A hidden tab gives its connection back: browsers allow few of them to one site.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return stop();
  refreshAll();
  start();
});
window.addEventListener("pagehide", stop);
window.addEventListener("pageshow", (event) => { if (event.persisted) { refreshAll(); start(); } });
start();
