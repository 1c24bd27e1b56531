// The value of a portfolio over time, by range: `figure[data-equity-chart]`. What was paid in or taken out is a
// marker on the line and never part of the gain. The same is a table without scripts.
import { PriceChart, colors, dollars, drawAll, paintChart, wallClock } from "./chart.js";

const LABEL_PX = 76; // the widest of a marker, which stands in the middle under or over its bar
const ARROW_PX = 30; // the widest of an arrow
const AXIS_PX = 64; // of the prices beside the chart, until it was drawn once
const RELOAD_MS = 15_000; // the page's figures may come anew more often

// The order and the page of positions are in the same address: choosing one keeps the range that the chart has by then.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-keeps-range], [data-keeps-range] a");
  const range = new URL(location.href).searchParams.get("range");
  if (!link || !range) return;
  const address = new URL(link.href);
  address.searchParams.set("range", range);
  link.href = address.href;
});

// Bars in sight on so many pixels, so that what stands in the middle of a marked one and is `widest` is not cut off.
function roomFor(widest, width, count, marked) {
  if (width < 2 * widest) return { from: 0, to: count - 1, spacing: 0 };
  const half = widest / 2;
  const before = marked.some((number) => (number * width) / count < half);
  const after = marked.some((number) => ((count - 1 - number) * width) / count < half);
  const spacing = (width - half * (before + after)) / count;
  return { from: before ? -half / spacing : 0, to: count - 1 + (after ? half / spacing : 0), spacing };
}

// Which bars of `count` are in sight, and whether those that are `marked` (their numbers, in order) have labels: all or
// none, and none is cut off at an edge or covers another. Who reads the chart is told each amount.
export function layOutLabels(width, count, marked) {
  const { from, to, spacing } = roomFor(LABEL_PX, width, count, marked);
  const fits = spacing && marked.every((number, place) => !place || (number - marked[place - 1]) * spacing >= LABEL_PX);
  if (fits) return { from, to, labelled: true };
  const { from: first, to: last } = roomFor(ARROW_PX, width, count, marked);
  return { from: first, to: last, labelled: false };
}

class EquityChart extends PriceChart {
  constructor(figure, charts) {
    super(figure, charts);
    figure.querySelector("[data-chart-summary]")?.remove(); // the reading says it
    document.addEventListener("htmx:after:swap", () => {
      if (performance.now() - this.loadedAt > RELOAD_MS) this.load();
    });
  }

  load() {
    this.loadedAt = performance.now();
    return super.load();
  }

  get words() {
    return {
      loading: "Loading values…",
      none: "There are no values in this range yet.",
      failed: "The values could not be loaded. They will be asked for again in a minute.",
    };
  }

  addSeries() {
    this.line = this.chart.addSeries(this.charts.LineSeries, { priceLineVisible: false, lastValueVisible: false, lineWidth: 2 });
    this.markers = this.charts.createSeriesMarkers(this.line, []);
  }

  take(body) {
    this.intraday = body.intraday;
    this.opening = body.opening === null ? null : Number(body.opening);
    this.gain = body.gain === null ? null : Number(body.gain);
    this.fraction = body.fraction === null ? null : Number(body.fraction);
    this.bars = [];
    for (const [at, equity, flows] of body.points) {
      const bar = { at, time: wallClock(at), close: Number(equity), flows: flows.map(([word, amount]) => ({ word, amount: Number(amount) })) };
      // The newest of a minute counts: the last one is what the portfolio is worth now.
      if (this.bars.at(-1)?.time >= bar.time) bar.flows.unshift(...this.bars.pop().flows);
      this.bars.push(bar);
    }
  }

  draw() {
    const { bars, readTime } = this;
    const found = colors(this.plot);
    paintChart(this.chart, found);
    this.chart.applyOptions({ timeScale: { timeVisible: this.intraday } });
    this.line.applyOptions({ color: found.primary });
    this.line.setData(bars.map(({ time, close }) => ({ time, value: close })));
    const marked = bars.flatMap(({ flows }, number) => (flows.length ? [number] : []));
    const axis = this.chart.priceScale("right").width() || AXIS_PX;
    const { from, to, labelled } = layOutLabels(this.plot.clientWidth - axis, bars.length, marked);
    this.markers.setMarkers(this.flowMarkers(marked, labelled, found));
    if (this.openingLine) this.line.removePriceLine(this.openingLine);
    this.openingLine = this.opening === null ? null : this.line.createPriceLine({
      price: this.opening, color: found.muted, lineWidth: 1, lineStyle: 2, axisLabelVisible: false, title: "",
    });
    if (bars.length) this.chart.timeScale().setVisibleLogicalRange({ from, to });
    this.plot.setAttribute("aria-valuemax", String(Math.max(0, bars.length - 1)));
    this.readOn(readTime);
  }

  flowMarkers(marked, labelled, { muted }) {
    return marked.map((number) => {
      const { time, flows } = this.bars[number];
      const sum = flows.reduce((total, { amount }) => total + amount, 0);
      const text = labelled ? dollars(sum) : "";
      return { time, color: muted, text, position: sum < 0 ? "aboveBar" : "belowBar", shape: sum < 0 ? "arrowDown" : "arrowUp" };
    });
  }

  details(bar) {
    const flows = bar.flows.map(({ word, amount }) => ` · ${word} ${dollars(amount)}`).join("");
    return `${this.when(bar)}: ${dollars(bar.close)}${flows}`;
  }

  showChange() {
    this.reading.replaceChildren();
    if (this.gain === null) return this.bars.length ? this.details(this.bars.at(-1)) : "";
    const moved = this.bars.some(({ flows }) => flows.length);
    return this.sayChange(this.gain, this.fraction, moved ? " over this range, without what you paid in or took out" : " over this range");
  }
}

drawAll([...document.querySelectorAll("figure[data-equity-chart]")], (figure, charts) => new EquityChart(figure, charts));
