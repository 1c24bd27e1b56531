// Times are in New York; people elsewhere get theirs on hover and focus.

const MARKET_ZONE = "America/New_York";

function offset(date, timeZone) {
  return new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" }).format(date);
}

function describe(element) {
  const date = new Date(element.dateTime);
  if (Number.isNaN(date.getTime())) return;
  const utc = date.toISOString().slice(0, 16).replace("T", " ") + " UTC";
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (offset(date, here) === offset(date, MARKET_ZONE)) {
    element.title = utc;
    return;
  }
  const local = date.toLocaleString("en-US", { dateStyle: "medium", timeStyle: "short" }) + " your time";
  element.title = `${local}, ${utc}`;
  element.dataset.local = local;
  // Not in tables: a tab stop in every row would be worse than none.
  if (!element.closest("table, a, button")) element.tabIndex = 0;
}

function describeAll(root) {
  for (const element of root.querySelectorAll("time[datetime*=T]:not([title])")) describe(element);
}

describeAll(document);
document.addEventListener("htmx:after:process", (event) => describeAll(event.target));
