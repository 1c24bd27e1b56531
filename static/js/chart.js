// Charts. `figure[data-chart]` is drawn from the rows of its own table; `figure[data-price-chart]` from the prices
// that its address gives for a range. Both say the same without scripts, in a table.

const REFRESH_MS = 60_000;
const PENDING_MS = 4_000;
const money = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const smallMoney = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumFractionDigits: 4 });
const tick = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumSignificantDigits: 6 });
const count = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const percentage = new Intl.NumberFormat("en-US", { style: "percent", minimumFractionDigits: 2, maximumFractionDigits: 2 });
const day = new Intl.DateTimeFormat("en-US", { timeZone: "America/New_York", month: "short", day: "numeric", year: "numeric" });
const minute = new Intl.DateTimeFormat("en-US", { timeZone: "America/New_York", weekday: "short", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" });
const newYork = new Intl.DateTimeFormat("en-US", { timeZone: "America/New_York", hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" });

export const dollars = (value) => (Math.abs(value) < 1 ? smallMoney : money).format(value).replace("-", "−");

// A canvas cannot use light-dark(): let the browser resolve each token to a color first.
export function colors(plot) {
  const probe = document.createElement("span");
  plot.append(probe);
  const read = (token) => {
    probe.className = `chart-color-${token}`;
    return getComputedStyle(probe).color;
  };
  const tokens = ["primary", "surface", "line", "muted", "gain", "loss", "sunken"];
  const found = Object.fromEntries(tokens.map((token) => [token, read(token)]));
  probe.remove();
  return found;
}

function onNewColors(repaint) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme", "data-palette"] });
}

function makeChart(charts, plot, timeFormatter) {
  return charts.createChart(plot, {
    autoSize: true,
    // The library's own logo needs an inline style; the caption has the credit.
    layout: { attributionLogo: false, background: { color: "transparent" }, fontFamily: getComputedStyle(plot).fontFamily },
    localization: {
      priceFormatter: dollars,
      tickmarksPriceFormatter: (values) => values.map((value) => tick.format(value)),
      timeFormatter,
    },
    rightPriceScale: { borderVisible: false, entireTextOnly: true },
    timeScale: { borderVisible: false, minBarSpacing: 0.05 },
    handleScroll: false,
    handleScale: false,
  });
}

export function paintChart(chart, { surface, muted, line }) {
  chart.applyOptions({
    layout: { background: { color: surface }, textColor: muted },
    grid: { vertLines: { visible: false }, horzLines: { color: line } },
  });
}

// ── Values over time, from a table ──

function readRows(figure) {
  return [...figure.querySelectorAll("tbody tr")].map((row) => ({
    time: Math.floor(Date.parse(row.querySelector("time").dateTime) / 1000),
    value: Number(row.querySelector("td").textContent.replace("−", "-").replace(/[$,]/g, "")),
  }));
}

function drawValues(figure, charts) {
  const plot = figure.querySelector("[data-chart-plot]");
  plot.hidden = false;
  figure.querySelector("[data-chart-credit]").hidden = false;
  const chart = makeChart(charts, plot, (time) => day.format(time * 1000));
  const series = chart.addSeries(charts.LineSeries, { lineWidth: 2, priceLineVisible: false, lastValueVisible: false });
  const repaint = () => {
    const found = colors(plot);
    paintChart(chart, found);
    series.applyOptions({ color: found.primary });
  };
  repaint();
  series.setData(readRows(figure));
  chart.timeScale().fitContent();
  onNewColors(repaint);
}

// ── Prices, by range ──

// The library knows no time zones: bars are given to it at New York's wall-clock time.
export function wallClock(seconds) {
  const part = Object.fromEntries(newYork.formatToParts(seconds * 1000).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute) / 1000;
}

function readBars(points) {
  const bars = [];
  for (const [at, open, high, low, close, volume, extended] of points) {
    const bar = { at, time: wallClock(at), open: Number(open), high: Number(high), low: Number(low), close: Number(close), volume: Number(volume), extended: extended === 1 };
    if (!bars.length || bars.at(-1).time < bar.time) bars.push(bar);
  }
  return bars;
}

export class PriceChart {
  constructor(figure, charts) {
    this.figure = figure;
    this.charts = charts;
    this.plot = figure.querySelector("[data-chart-plot]");
    this.reading = figure.querySelector("[data-chart-reading]");
    this.state = figure.querySelector("[data-chart-state]");
    this.styleButton = figure.querySelector("[data-chart-style]");
    this.candles = false;
    this.bars = [];
    this.index = null;
    this.readTime = null; // of the bar that is being read
    this.byKeyboard = false; // it is read by keys, not under a pointer
    figure.querySelector("[data-chart-frame]").hidden = false;
    figure.querySelector("[data-chart-credit]").hidden = false;
    if (this.styleButton) this.styleButton.hidden = false;
    this.chart = makeChart(charts, this.plot, (time) => this.when(this.bars.find((bar) => bar.time === time)));
    this.addSeries();
    this.listen();
    this.show(figure.dataset.range);
  }

  addSeries() {
    const { charts, chart } = this;
    const quiet = { priceLineVisible: false, lastValueVisible: false };
    this.shade = chart.addSeries(charts.AreaSeries, {
      ...quiet, priceScaleId: "shade", lineVisible: false, lineType: charts.LineType.WithSteps, crosshairMarkerVisible: false,
      autoscaleInfoProvider: () => ({ priceRange: { minValue: 0, maxValue: 1 } }),
    });
    chart.priceScale("shade").applyOptions({ scaleMargins: { top: 0, bottom: 0 }, visible: false });
    this.volume = chart.addSeries(charts.HistogramSeries, { ...quiet, priceScaleId: "volume" });
    chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.82, bottom: 0 }, visible: false });
    this.line = chart.addSeries(charts.LineSeries, { ...quiet, lineWidth: 2 });
    this.candle = chart.addSeries(charts.CandlestickSeries, { ...quiet, visible: false });
    chart.priceScale("right").applyOptions({ scaleMargins: { top: 0.08, bottom: 0.22 } });
  }

  listen() {
    for (const link of this.figure.querySelectorAll("[data-chart-range]")) {
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        this.show(link.dataset.chartRange);
        const address = new URL(location.href);
        address.searchParams.set("range", link.dataset.chartRange);
        history.replaceState(history.state, "", address);
      });
    }
    this.styleButton?.addEventListener("click", () => {
      this.candles = !this.candles;
      this.styleButton.setAttribute("aria-pressed", String(this.candles));
      this.draw();
    });
    this.chart.subscribeCrosshairMove(({ time, sourceEvent }) => {
      // The library also tells of a crosshair that it moved itself, a frame after new values were drawn.
      if (this.byKeyboard && !sourceEvent) return;
      this.byKeyboard = false;
      const found = time === undefined ? -1 : this.bars.findIndex((bar) => bar.time === time);
      this.read(found < 0 ? null : found);
    });
    this.plot.addEventListener("keydown", (event) => this.key(event));
    this.plot.addEventListener("blur", () => {
      this.byKeyboard = false;
      this.chart.clearCrosshairPosition();
    });
    onNewColors(() => this.draw());
    setInterval(() => { if (!document.hidden) this.load(); }, REFRESH_MS);
  }

  key(event) {
    const last = this.bars.length - 1;
    const from = this.index ?? last;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, PageUp: from - 10, PageDown: from + 10, Home: 0, End: last }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.byKeyboard = true;
    const index = Math.max(0, Math.min(last, this.index === null && event.key.startsWith("Arrow") ? last : to));
    this.point(index);
  }

  point(index) {
    const bar = this.bars[index];
    this.chart.setCrosshairPosition(bar.close, bar.time, this.candles ? this.candle : this.line);
    this.read(index);
  }

  show(range) {
    this.range = range;
    this.readTime = null;
    for (const link of this.figure.querySelectorAll("[data-chart-range]")) {
      if (link.dataset.chartRange === range) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    const table = this.figure.querySelector("[data-chart-table]");
    table.search = `?range=${encodeURIComponent(range)}`;
    this.load();
  }

  async load() {
    const { range } = this;
    const late = setTimeout(() => this.say(this.words.loading), 400);
    try {
      const reply = await fetch(`${this.plot.dataset.chartData}?range=${encodeURIComponent(range)}`, { headers: { Accept: "application/json" } });
      if (!reply.ok || !reply.headers.get("Content-Type")?.includes("json")) throw new Error(String(reply.status));
      const body = await reply.json();
      if (range !== this.range) return; // another was chosen meanwhile
      this.take(body);
      if (body.pending) setTimeout(() => { if (range === this.range) this.load(); }, PENDING_MS);
      if (body.pending) this.say("These prices are being fetched for the first time…");
      else this.say(this.bars.length ? "" : this.words.none);
      this.draw();
    } catch {
      this.say(this.words.failed);
    } finally {
      clearTimeout(late);
    }
  }

  get words() {
    return {
      loading: "Loading prices…",
      none: "There are no prices in this range.",
      failed: "The prices could not be loaded. They will be asked for again in a minute.",
    };
  }

  take(body) {
    this.intraday = body.intraday;
    this.previousClose = body.previousClose === null ? null : Number(body.previousClose);
    this.bars = readBars(body.points);
  }

  say(text) {
    if (this.state.textContent !== text) this.state.textContent = text;
  }

  draw() {
    const { bars, readTime } = this;
    const found = colors(this.plot);
    paintChart(this.chart, found);
    this.chart.applyOptions({ timeScale: { timeVisible: this.intraday } });
    this.line.applyOptions({ color: found.primary, visible: !this.candles });
    this.candle.applyOptions({
      visible: this.candles, upColor: found.surface, downColor: found.loss, wickUpColor: found.gain,
      wickDownColor: found.loss, borderUpColor: found.gain, borderDownColor: found.loss,
    });
    this.line.setData(bars.map(({ time, close }) => ({ time, value: close })));
    this.candle.setData(bars.map(({ time, open, high, low, close }) => ({ time, open, high, low, close })));
    this.volume.setData(bars.map(({ time, volume }) => ({ time, value: volume, color: found.line })));
    this.shade.applyOptions({ topColor: found.sunken, bottomColor: found.sunken });
    this.shade.setData(this.intraday ? bars.map(({ time, extended }) => ({ time, value: Number(extended) })) : []);
    if (this.closeLine) this.line.removePriceLine(this.closeLine);
    this.closeLine = this.previousClose === null ? null : this.line.createPriceLine({
      price: this.previousClose, color: found.muted, lineWidth: 1, lineStyle: 2, axisLabelVisible: false, title: "",
    });
    this.chart.timeScale().fitContent();
    this.plot.setAttribute("aria-valuemax", String(Math.max(0, bars.length - 1)));
    this.readOn(readTime);
  }

  // Prices that come anew, or other colors, do not take a reader away from the bar they are at.
  readOn(time) {
    const index = time === null ? -1 : this.bars.findLastIndex((bar) => bar.time <= time);
    if (index < 0) this.read(null);
    else this.point(index);
    // Where the bar stands is known once the new values are drawn.
    requestAnimationFrame(() => { if (this.byKeyboard && this.index !== null) this.point(this.index); });
  }

  when(bar) {
    if (!bar) return "";
    return this.intraday ? `${minute.format(bar.at * 1000)} ET` : day.format(bar.at * 1000);
  }

  read(index) {
    this.index = index;
    const bar = index === null ? null : this.bars[index];
    this.readTime = bar?.time ?? null;
    const text = bar ? this.details(bar) : this.showChange();
    if (bar) this.reading.textContent = text;
    this.plot.setAttribute("aria-valuenow", String(index ?? Math.max(0, this.bars.length - 1)));
    this.plot.setAttribute("aria-valuetext", text || "No prices");
  }

  details(bar) {
    const prices = `open ${dollars(bar.open)}, high ${dollars(bar.high)}, low ${dollars(bar.low)}, volume ${count.format(bar.volume)}`;
    return `${this.when(bar)}: ${dollars(bar.close)} · ${prices}${bar.extended ? ", outside regular hours" : ""}`;
  }

  // The change over the range; that since the previous close stands above the chart already.
  showChange() {
    this.reading.replaceChildren();
    const first = this.bars[0]?.open;
    if (!first || this.previousClose !== null) return this.bars.length ? this.details(this.bars.at(-1)) : "";
    const change = this.bars.at(-1).close - first;
    return this.sayChange(change, change / first, " over this range");
  }

  sayChange(change, fraction, words) {
    const [word, arrow, sign] = change > 0 ? ["up", "▲", "+"] : change < 0 ? ["down", "▼", "−"] : ["no change", "", ""];
    const delta = document.createElement("span");
    delta.className = `delta${change ? ` delta--${word}` : ""}`;
    const shown = document.createElement("span");
    shown.ariaHidden = "true";
    shown.textContent = arrow;
    const spoken = document.createElement("span");
    spoken.className = "visually-hidden";
    spoken.textContent = `${word} `;
    const part = fraction === null ? "" : ` (${sign}${percentage.format(Math.abs(fraction))})`;
    const amount = `${sign}${dollars(Math.abs(change))}${part}`;
    delta.append(shown, spoken, amount);
    this.reading.append(delta, words);
    return `${word} ${amount}${words}`;
  }
}

// Calls `draw` with each figure and the library, once that is there; without a figure it is not fetched.
export function drawAll(figures, draw) {
  if (!figures.length) return;
  const script = document.createElement("script");
  script.src = figures[0].querySelector("[data-chart-plot]").dataset.chartSrc;
  script.addEventListener("load", () => {
    for (const figure of figures) draw(figure, window.LightweightCharts);
  });
  document.head.append(script);
}

drawAll([...document.querySelectorAll("figure:is([data-chart], [data-price-chart])")], (figure, charts) => {
  if ("priceChart" in figure.dataset) new PriceChart(figure, charts);
  else drawValues(figure, charts);
});
