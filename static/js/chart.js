// Draws `figure[data-chart]` from the rows of its own table: the table is there without scripts, and says the same.

const figures = [...document.querySelectorAll("figure[data-chart]")];

function readRows(figure) {
  return [...figure.querySelectorAll("tbody tr")].map((row) => ({
    time: Math.floor(Date.parse(row.querySelector("time").dateTime) / 1000),
    value: Number(row.querySelector("td").textContent.replace("−", "-").replace(/[$,]/g, "")),
  }));
}

// A canvas cannot use light-dark(): let the browser resolve each token to a color first.
function colors(plot) {
  const probe = document.createElement("span");
  plot.append(probe);
  const read = (token) => {
    probe.className = `chart-color-${token}`;
    return getComputedStyle(probe).color;
  };
  const found = Object.fromEntries(["primary", "surface", "line", "muted"].map((token) => [token, read(token)]));
  probe.remove();
  return found;
}

const dollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const tick = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumSignificantDigits: 6 });
const day = new Intl.DateTimeFormat("en-US", { timeZone: "America/New_York", month: "short", day: "numeric", year: "numeric" });

function paint(chart, series, plot) {
  const { primary, surface, line, muted } = colors(plot);
  chart.applyOptions({
    layout: { background: { color: surface }, textColor: muted },
    grid: { vertLines: { visible: false }, horzLines: { color: line } },
  });
  series.applyOptions({ color: primary });
}

function draw(figure, charts) {
  const plot = figure.querySelector("[data-chart-plot]");
  plot.hidden = false;
  figure.querySelector("[data-chart-credit]").hidden = false;
  const chart = charts.createChart(plot, {
    autoSize: true,
    // The library's own logo needs an inline style; the caption has the credit.
    layout: { attributionLogo: false, fontFamily: getComputedStyle(plot).fontFamily },
    localization: {
      priceFormatter: (value) => dollars.format(value),
      tickmarksPriceFormatter: (values) => values.map((value) => tick.format(value)),
      timeFormatter: (time) => day.format(time * 1000),
    },
    rightPriceScale: { borderVisible: false },
    timeScale: { borderVisible: false },
    handleScroll: false,
    handleScale: false,
  });
  const series = chart.addSeries(charts.LineSeries, { lineWidth: 2, priceLineVisible: false, lastValueVisible: false });
  paint(chart, series, plot);
  series.setData(readRows(figure));
  chart.timeScale().fitContent();
  const repaint = () => paint(chart, series, plot);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}

if (figures.length) {
  const script = document.createElement("script");
  script.src = figures[0].querySelector("[data-chart-plot]").dataset.chartSrc;
  script.addEventListener("load", () => figures.forEach((figure) => draw(figure, window.LightweightCharts)));
  document.head.append(script);
}
