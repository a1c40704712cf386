/* One ruler over all curves of a training: pointing at one reads the same epoch off every other one, and the
   arrow keys move it. The values stand in a line of their own, for eyes and for screen readers. */
(function () {
  "use strict";
  window.dash_clientside = window.dash_clientside || {};
  const pfd = (window.dash_clientside.pfd = window.dash_clientside.pfd || {});
  const attached = new WeakSet();
  const TRIES = 40;
  const TRY_MS = 250;
  const STRIDE = 10;
  let isLinking = false;
  let place = null; /* index of the epoch that is read off, null for none */

  function getRuler() {
    return document.querySelector(".curve-reading");
  }

  function listPlots() {
    const plots = document.querySelectorAll(".curve-grid .js-plotly-plot");
    return Array.from(plots).filter((plot) => plot.offsetParent && plot._fullData && plot._fullData.length);
  }

  function listTraces(plot) {
    return plot._fullData.filter((trace) => trace.visible === true && trace.hoverinfo !== "skip");
  }

  /* Where the epochs stand along x: the same for every plot, and a trace can miss some of them. */
  function listPlaces() {
    const found = new Set();
    listPlots().forEach((plot) => listTraces(plot).forEach((trace) => Array.from(trace.x).forEach((x) => found.add(x))));
    return Array.from(found).sort((one, other) => one - other);
  }

  function readOff(plot, x) {
    const unit = (plot._fullLayout.yaxis.title.text || "").match(/\(([^()]*)\)$/);
    return listTraces(plot).flatMap((trace) => {
      const index = Array.from(trace.x).indexOf(x);
      if (index < 0) { return []; }
      const value = Number(Number(trace.y[index]).toPrecision(4));
      const words = value + (unit ? " " + unit[1] : "");
      return [plot._fullData.length > 1 ? trace.name + " " + words : words];
    });
  }

  function say(x, index) {
    const ruler = getRuler();
    const plots = listPlots();
    const meta = plots[0].layout.meta || {};
    const epoch = (meta.epochs || [])[index];
    const groups = plots.map((plot) => {
      const title = plot.closest("figure").querySelector(".plot-title").textContent;
      return [title, readOff(plot, x)];
    }).filter(([, values]) => values.length);
    const head = (meta.step || "Epoch") + " " + (epoch === undefined ? index + 1 : epoch);
    ruler.replaceChildren(...[[head, []], ...groups].map(([title, values]) => {
      const part = document.createElement("span");
      const strong = document.createElement("strong");
      strong.textContent = title;
      part.append(strong, values.length ? " " + values.join(", ") : "");
      return part;
    }));
    ruler.setAttribute("aria-valuenow", String(index));
    ruler.setAttribute("aria-valuetext", head + ": " + groups.map(([title, values]) => title + ": " + values.join(", ")).join("; "));
  }

  function show(index, except) {
    const places = listPlaces();
    if (!places.length) { return; }
    place = Math.max(0, Math.min(index, places.length - 1));
    const x = places[place];
    isLinking = true;
    listPlots().forEach((plot) => {
      if (plot === except) { return; }
      try { window.Plotly.Fx.hover(plot, { xval: x }, "xy"); } catch { /* a plot that is being drawn anew */ }
    });
    isLinking = false;
    getRuler().setAttribute("aria-valuemax", String(places.length - 1));
    say(x, place);
  }

  function clear(except) {
    isLinking = true;
    listPlots().forEach((plot) => { if (plot !== except) { window.Plotly.Fx.unhover(plot); } });
    isLinking = false;
  }

  function attach(plot) {
    if (attached.has(plot)) { return; }
    attached.add(plot);
    plot.on("plotly_hover", (event) => {
      if (!isLinking && event.points.length) { show(listPlaces().indexOf(event.points[0].x), plot); }
    });
    plot.on("plotly_unhover", () => { if (!isLinking) { clear(plot); } });
  }

  function attachAll(triesLeft) {
    const graphs = Array.from(document.querySelectorAll(".curve-grid .dash-graph"));
    const plots = graphs.map((graph) => graph.querySelector(".js-plotly-plot")).filter((plot) => plot && plot.on);
    plots.forEach(attach);
    if (plots.length < graphs.length && triesLeft > 0) { setTimeout(attachAll, TRY_MS, triesLeft - 1); }
  }

  /* Called with every new epoch: plots that were drawn for the first time join the others. */
  pfd.linkCurves = function () {
    attachAll(TRIES);
    return window.dash_clientside.no_update;
  };

  document.addEventListener("keydown", (event) => {
    const ruler = event.target.closest && event.target.closest(".curve-reading");
    if (!ruler) { return; }
    if (event.key === "Escape") { clear(null); return; }
    const last = listPlaces().length - 1;
    const from = place === null ? last : place;
    const steps = {
      ArrowRight: from + 1, ArrowUp: from + 1, ArrowLeft: from - 1, ArrowDown: from - 1,
      PageUp: from + STRIDE, PageDown: from - STRIDE, Home: 0, End: last,
    };
    if (!(event.key in steps) || last < 0) { return; }
    event.preventDefault();
    show(place === null && event.key.startsWith("Arrow") ? last : steps[event.key], null);
  });

  document.addEventListener("focusout", (event) => {
    if (event.target.closest && event.target.closest(".curve-reading")) { clear(null); }
  });
})();
