// SPDX-License-Identifier: GPL-2.0-or-later
// Plots of every sample: boots side by side in the order in which they ran, each arm with its colour and shape.
"use strict";

(() => {
  const JITTER = 0.3;
  const HEIGHT = 250;
  const FENCE = 3; // interquartile ranges beyond the quartiles; what lies outside is a spike
  const plots = [];

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const plural = (n, word) => `${n.toLocaleString()} ${word}${n === 1 ? "" : "s"}`;

  /** The same jitter at every drawing: the golden ratio spreads any number of points evenly. */
  const jitter = (n) => (((n * 0.618034) % 1) - 0.5) * 2 * JITTER;

  function quantile(sorted, share) {
    return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))];
  }

  /** The bulk of every boot with some air, and how many samples lie outside of it. */
  function bulk(metric) {
    let [low, high] = [Infinity, -Infinity];
    for (const boot of metric.boots) {
      const sorted = [...boot.samples].sort((a, b) => a - b);
      const [lower, upper] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
      const reach = FENCE * (upper - lower);
      low = Math.min(low, Math.max(sorted[0], lower - reach));
      high = Math.max(high, Math.min(sorted[sorted.length - 1], upper + reach));
    }
    const air = 0.15 * (high - low) || 0.05 * Math.abs(high) || 1;
    const range = [low - air, high + air];
    const outside = metric.boots.flatMap((boot) => boot.samples).filter((y) => y < range[0] || y > range[1]).length;
    return { range, outside };
  }

  function everything(metric) {
    let [low, high] = [Infinity, -Infinity];
    for (const boot of metric.boots) {
      for (const y of boot.samples) {
        low = Math.min(low, y);
        high = Math.max(high, y);
      }
    }
    const air = 0.05 * (high - low) || 0.05 * Math.abs(high) || 1;
    return [low - air, high + air];
  }

  function drawBackground(u, metric) {
    const { ctx } = u;
    const { left, width } = u.bbox;
    const y = (value) => u.valToPos(value, "y", true);
    const [low, high] = metric.interval;
    ctx.save();
    clip(u);
    if (low !== null && high !== null) {
      const top = y(metric.base_level * (1 + high));
      const bottom = y(metric.base_level * (1 + low));
      ctx.globalAlpha = 0.16;
      ctx.fillStyle = colour("plot-patched");
      ctx.fillRect(left, Math.min(top, bottom), width, Math.max(2, Math.abs(bottom - top)));
      ctx.globalAlpha = 1;
    }
    ctx.strokeStyle = colour("plot-base");
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 5 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(left, y(metric.base_level));
    ctx.lineTo(left + width, y(metric.base_level));
    ctx.stroke();
    ctx.restore();
  }

  function clip(u) {
    u.ctx.beginPath();
    u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    u.ctx.clip();
  }

  function drawSamples(u, metric) {
    const { ctx } = u;
    const size = 2.2 * devicePixelRatio;
    ctx.save();
    clip(u);
    metric.boots.forEach((boot, place) => {
      ctx.fillStyle = colour(`plot-${boot.arm}`);
      ctx.globalAlpha = boot.samples.length > 400 ? 0.3 : 0.55;
      boot.samples.forEach((value, n) => {
        const x = u.valToPos(place + jitter(n), "x", true);
        const y = u.valToPos(value, "y", true);
        ctx.beginPath();
        if (boot.arm === "base") {
          ctx.arc(x, y, size, 0, 2 * Math.PI);
        } else {
          ctx.moveTo(x, y - 1.35 * size);
          ctx.lineTo(x + 1.35 * size, y);
          ctx.lineTo(x, y + 1.35 * size);
          ctx.lineTo(x - 1.35 * size, y);
        }
        ctx.fill();
      });
      ctx.globalAlpha = 1;
      ctx.strokeStyle = colour("plot-median");
      ctx.lineWidth = 2.5 * devicePixelRatio;
      ctx.beginPath();
      ctx.moveTo(u.valToPos(place - JITTER, "x", true), u.valToPos(boot.median, "y", true));
      ctx.lineTo(u.valToPos(place + JITTER, "x", true), u.valToPos(boot.median, "y", true));
      ctx.stroke();
    });
    ctx.restore();
  }

  const number = (value) => value.toLocaleString(undefined, { maximumSignificantDigits: 4 });

  function options(metric, width, range) {
    const axis = { stroke: () => colour("quiet"), grid: { stroke: () => colour("plot-grid") }, ticks: { stroke: () => colour("plot-grid") } };
    const narrow = width < 90 * metric.boots.length;
    return {
      width,
      height: HEIGHT,
      padding: [12, 8, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: [-0.5, metric.boots.length - 0.5] }, y: { range } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 32,
          splits: () => metric.boots.map((_, place) => place),
          values: () => metric.boots.map((boot) => (narrow ? `${boot.order_no}${boot.arm === "base" ? "A" : "B"}` : `boot ${boot.order_no} ${boot.arm}`)),
        },
        { ...axis, size: 70, values: (_, splits) => splits.map(number) },
      ],
      series: [{}, { show: false }],
      hooks: { drawAxes: [(u) => drawBackground(u, metric)], draw: [(u) => drawSamples(u, metric)] },
    };
  }

  function show(figure, metric) {
    const place = figure.querySelector(".canvas");
    const note = figure.querySelector(".note");
    const { range, outside } = bulk(metric);
    const draw = (y) => {
      place.replaceChildren();
      const entry = { plot: null, place };
      entry.plot = new uPlot(options(metric, place.clientWidth, y), [metric.boots.map((_, n) => n), metric.boots.map((boot) => boot.median)], place);
      plots.push(entry);
    };
    draw(range);
    const share = metric.samples_shown < metric.samples_total ? `${metric.samples_shown.toLocaleString()} of ${plural(metric.samples_total, "sample")} drawn, the extremes among them` : `all ${plural(metric.samples_total, "sample")} drawn`;
    note.replaceChildren(document.createTextNode(outside ? `${share}; ${plural(outside, "sample")} outside of the picture` : share));
    if (outside) note.append(rangeButton(draw, range, everything(metric)));
  }

  function rangeButton(draw, narrow, whole) {
    const button = document.createElement("button");
    let showsAll = false;
    button.type = "button";
    button.textContent = "Show them";
    button.addEventListener("click", () => {
      showsAll = !showsAll;
      draw(showsAll ? whole : narrow);
      button.textContent = showsAll ? "Show the bulk only" : "Show them";
    });
    return button;
  }

  /** Draws what nobody has drawn yet and no fold hides; the rest is drawn when its fold is opened. */
  async function load() {
    const result = document.getElementById("result");
    const figures = [...result.querySelectorAll("figure[data-plot]:not([data-asked])")].filter((figure) => !figure.closest("details:not([open])"));
    if (!figures.length) return;
    figures.forEach((figure) => (figure.dataset.asked = ""));
    const say = (words) => figures.forEach((figure) => (figure.querySelector(".note").textContent = words));
    try {
      const answer = await fetch(`${result.dataset.samples}?${figures.map((figure) => `place=${figure.dataset.plot}`).join("&")}`);
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      const { metrics } = await answer.json();
      figures.forEach((figure, n) => {
        if (metrics[n]?.boots.length) show(figure, metrics[n]);
        else figure.querySelector(".note").textContent = "No samples are stored for this metric.";
      });
    } catch (error) {
      say(`The samples could not be loaded: ${error.message}. Reload the page to try again.`);
    }
  }

  const inPage = () => plots.filter(({ place, plot }) => place.contains(plot.root));
  new ResizeObserver(() => {
    for (const { plot, place } of inPage()) if (plot.width !== place.clientWidth) plot.setSize({ width: place.clientWidth, height: HEIGHT });
  }).observe(document.getElementById("main"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => inPage().forEach(({ plot }) => plot.redraw(false)));
  document.addEventListener("htmx:afterSwap", (event) => event.target.id === "result" && load());
  document.getElementById("result").addEventListener("toggle", load, true); // it does not bubble
  load();
})();
