/* The signal viewer: zooms ask the server for what is in view, and a cursor reads the curve.

   A stage ([data-viewer]) is a plot with its cursor. The figure's meta says what its axes mean:
   xName, xUnit, yUnit, factor (axis value = base unit times factor), full (whole extent), shown (what is in view,
   rounded, of the waveform only), least (smallest zoom), shaft (the shaft's frequency on the axis) and lines
   (label and place of each fault line). */
(function () {
  "use strict";
  window.dash_clientside = window.dash_clientside || {};
  const pfd = (window.dash_clientside.pfd = window.dash_clientside.pfd || {});
  const noUpdate = () => window.dash_clientside.no_update;
  const listTriggers = () => (window.dash_clientside.callback_context.triggered || []).map((change) => change.prop_id);

  /* --- Zoom ------------------------------------------------------------------------------------------- */

  function readMeta(figure) {
    return (figure && figure.layout && figure.layout.meta) || { factor: 1, full: [0, Infinity], least: 0 };
  }

  /* A range on the axis, in the base unit: null for all of it. */
  function settle(low, high, meta) {
    const [first, last] = meta.full;
    const least = Math.min(meta.least || 0, last - first);
    let from = Math.min(low, high);
    let to = Math.max(low, high);
    if (to - from < least) { [from, to] = [(from + to - least) / 2, (from + to + least) / 2]; }
    if (from < first) { [from, to] = [first, Math.max(to, first + least)]; }
    if (to > last) { [from, to] = [Math.max(first, Math.min(from, last - least)), last]; }
    if (from <= first && to >= last) { return null; }
    return [from, to].map((edge) => Number((edge / meta.factor).toPrecision(9)));
  }

  /* What a relayout event says of the x axis: a range, null for "all of it", undefined for nothing. */
  function readRelayout(event, figure) {
    if (!event) { return undefined; }
    if (event["xaxis.autorange"]) { return null; }
    const range = event["xaxis.range"] || [event["xaxis.range[0]"], event["xaxis.range[1]"]];
    if (range[0] === undefined || range[1] === undefined) { return undefined; }
    return settle(Number(range[0]), Number(range[1]), readMeta(figure));
  }

  function differs(one, other) {
    return JSON.stringify(one || null) !== JSON.stringify(other || null);
  }

  /* Fields somebody writes in: an answer that comes meanwhile leaves them alone. */
  const edited = new Set();
  document.addEventListener("input", (event) => {
    if (event.target.matches(".viewer-number")) { edited.add(event.target.id); }
  });

  /* The fields say what the waveform shows. */
  pfd.showStretch = function (figure) {
    const outputs = window.dash_clientside.callback_context.outputs_list;
    const shown = readMeta(figure).shown;
    return outputs.map((output, index) => (!shown || edited.has(output.id) ? noUpdate() : shown[index]));
  };

  /* What the fields ask for, undefined where that is what is shown anyway. */
  function readEdges(from, to, figure) {
    if (typeof from !== "number" || typeof to !== "number" || from >= to) { return undefined; }
    const meta = readMeta(figure);
    const shown = (figure && figure.layout.xaxis.range) || [];
    const least = Math.pow(10, -(meta.digits || 6)); /* what the fields show is rounded */
    const same = Math.abs(from - shown[0]) < least && Math.abs(to - shown[1]) < least;
    return same ? undefined : settle(from, to, meta);
  }

  pfd.chooseStretch = function (event, _s1, _b1, _s2, _b2, _whole, from, to, figure, current) {
    const sources = listTriggers(); /* a click on the button also leaves the field before it: both come at once */
    let chosen;
    if (sources.some((source) => source.endsWith(".n_clicks"))) {
      chosen = null;
      edited.clear();
    } else if (sources.some((source) => source.endsWith(".relayoutData"))) {
      chosen = readRelayout(event, figure);
      if (chosen !== undefined) { edited.clear(); }
    } else {
      sources.forEach((source) => edited.delete(source.split(".")[0]));
      chosen = readEdges(from, to, figure);
    }
    return chosen === undefined || !differs(chosen, current) ? noUpdate() : chosen;
  };

  /* Arguments: the events of n plots, their n figures, the zoom they share. */
  pfd.chooseZoom = function (...values) {
    const current = values.pop();
    const n = values.length / 2;
    const source = (listTriggers()[0] || "").split(".")[0];
    const ids = (window.dash_clientside.callback_context.inputs_list || []).map((input) => input.id);
    const index = Math.max(0, ids.indexOf(source));
    const chosen = readRelayout(values[index], values[n + index]);
    return chosen === undefined || !differs(chosen, current) ? noUpdate() : chosen;
  };

  pfd.takeBand = function (_clicks, zoom) {
    return zoom ? zoom.map((edge) => Math.round(edge)) : [null, null];
  };

  /* The links to the recordings before and after keep how this one is looked at, not where. */
  const OF_THIS_RECORDING = ["signal", "x", "hz", "envelope_hz", "speed"];

  pfd.linkNeighbours = function (neighbours, ...values) {
    const address = values.pop();
    const kept = new URLSearchParams(
      pfd.listQuery(values, address).filter(([name, text]) => text !== null && !OF_THIS_RECORDING.includes(name)));
    return ["previous", "next"].flatMap((side) => {
      const found = neighbours && neighbours[side];
      if (!found) { return ["", true, "No " + side + " recording of this channel in the dataset"]; }
      kept.set("signal", found.signal);
      return [found.path + "?" + kept.toString(), false, found.recording];
    });
  };

  /* --- Cursor ----------------------------------------------------------------------------------------- */

  const plotOf = (stage) => stage.querySelector(".js-plotly-plot");
  const curveOf = (plot) => plot._fullData && plot._fullData[0];

  function say(value, digits) {
    return String(Number(Number(value).toPrecision(digits)));
  }

  function findNearest(xs, x) {
    let low = 0;
    let high = xs.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (xs[middle] <= x) { low = middle; } else { high = middle; }
    }
    return Math.abs(xs[high] - x) < Math.abs(xs[low] - x) ? high : low;
  }

  function describeLine(x, meta) {
    const near = (meta.lines || []).reduce(
      (best, line) => (!best || Math.abs(line.x - x) < Math.abs(best.x - x) ? line : best), null);
    const share = near ? x / near.x - 1 : 1;
    if (Math.abs(share) > 0.02) { return ""; }
    return " · " + near.label + " " + (share < 0 ? "−" : "+") + Math.abs(100 * share).toFixed(1) + " %";
  }

  function describe(x, y, meta) {
    const place = meta.digits === undefined ? say(x, 6) : Number(x).toFixed(meta.digits);
    const order = meta.shaft ? " (" + (x / meta.shaft).toFixed(3) + " X)" : "";
    return "Cursor: " + place + " " + meta.xUnit + order + " · " + say(y, 4) + " " + (meta.yUnit || "(unit unknown)") +
      describeLine(x, meta);
  }

  /* Put the line where the cursor is; hide it where that is out of view. */
  function draw(stage) {
    const plot = plotOf(stage);
    const line = stage.querySelector(".viewer-cursor");
    const axis = plot && plot._fullLayout && plot._fullLayout.xaxis;
    if (!line || !axis || stage.pfdCursor === undefined || !axis._length) { if (line) { line.hidden = true; } return; }
    const left = axis.l2p(stage.pfdCursor);
    line.hidden = left < -0.5 || left > axis._length + 0.5;
    if (line.hidden) { return; }
    const outer = stage.getBoundingClientRect();
    const inner = plot.getBoundingClientRect();
    const height = plot._fullLayout.yaxis;
    line.style.left = inner.left - outer.left + axis._offset + left + "px";
    line.style.top = inner.top - outer.top + height._offset + "px";
    line.style.height = height._length + "px";
  }

  /* On a narrow plot labels would cover one another: the first, which matter most, stay. */
  function thinLabels(plot) {
    const kept = [];
    plot.querySelectorAll(".annotation").forEach((label) => {
      label.style.display = "";
      const box = (label.querySelector(".annotation-text-g") || label).getBoundingClientRect();
      const covers = kept.some((other) => box.left < other.right + 2 && other.left < box.right + 2 &&
        box.top < other.bottom && other.top < box.bottom);
      if (covers) { label.style.display = "none"; } else { kept.push(box); }
    });
  }

  function setCursor(stage, index) {
    const plot = plotOf(stage);
    const curve = plot && curveOf(plot);
    if (!curve || !curve.x || !curve.x.length) { return; }
    const at = Math.min(Math.max(index, 0), curve.x.length - 1);
    const meta = plot.layout.meta || {};
    stage.pfdCursor = Number(curve.x[at]);
    stage.pfdUnit = meta.xUnit;
    draw(stage);
    const words = describe(stage.pfdCursor, Number(curve.y[at]), meta);
    window.dash_clientside.set_props(stage.dataset.cursor, { children: words });
  }

  /* A new figure: the cursor stays and reads the new curve; out of view or on another axis it goes. */
  function renew(stage) {
    const plot = plotOf(stage);
    const meta = (plot && plot.layout && plot.layout.meta) || {};
    const unit = meta.xUnit;
    if (stage.pfdCursor !== undefined && stage.pfdUnit === unit) {
      const range = plot._fullLayout.xaxis.range;
      const inView = stage.pfdCursor >= range[0] && stage.pfdCursor <= range[1];
      if (inView) { setCursor(stage, findNearest(curveOf(plot).x, stage.pfdCursor)); } else { forget(stage); }
    } else if (stage.pfdCursor !== undefined) {
      forget(stage);
    }
    stage.pfdUnit = unit;
  }

  function forget(stage) {
    stage.pfdCursor = undefined;
    draw(stage);
    window.dash_clientside.set_props(stage.dataset.cursor, { children: stage.dataset.hint });
  }

  function attach(stage) {
    const plot = plotOf(stage);
    if (!plot || !plot.on || plot.pfdAttached) { return; }
    plot.pfdAttached = true;
    plot.on("plotly_click", (event) => setCursor(stage, event.points[0].pointIndex));
    plot.on("plotly_afterplot", () => { draw(stage); thinLabels(plot); });
    thinLabels(plot);
  }

  pfd.attachCursors = function () {
    window.setTimeout(() => document.querySelectorAll("[data-viewer]").forEach((stage) => {
      attach(stage);
      renew(stage);
    }), 150);
  };

  /* The range that was asked for last, though its figure may still be on its way; null asks for the usual. */
  function readWanted(stage, plot) {
    const store = window.dash_component_api.getLayout(stage.dataset.zoom);
    const asked = store && store.props.data;
    return asked ? asked.map((edge) => edge * plot.layout.meta.factor) : plot._fullLayout.xaxis.range;
  }

  function zoom(stage, factor) {
    const plot = plotOf(stage);
    const meta = plot.layout.meta;
    const [low, high] = readWanted(stage, plot);
    const cursor = stage.pfdCursor;
    const centre = cursor !== undefined && cursor >= low && cursor <= high ? cursor : (low + high) / 2;
    const range = settle(centre - (centre - low) * factor, centre + (high - centre) * factor, meta);
    window.dash_clientside.set_props(stage.dataset.zoom, { data: range });
  }

  function step(stage, move) {
    const curve = curveOf(plotOf(stage));
    const xs = curve.x;
    const range = plotOf(stage)._fullLayout.xaxis.range;
    const at = stage.pfdCursor === undefined ? findNearest(xs, (range[0] + range[1]) / 2) : findNearest(xs, stage.pfdCursor);
    setCursor(stage, at + move);
  }

  function findHighest(stage) {
    const curve = curveOf(plotOf(stage));
    const [low, high] = plotOf(stage)._fullLayout.xaxis.range;
    let best = -1;
    for (let at = 0; at < curve.x.length; at += 1) {
      const inView = curve.x[at] >= low && curve.x[at] <= high;
      if (inView && (best < 0 || Math.abs(curve.y[at]) > Math.abs(curve.y[best]))) { best = at; }
    }
    if (best >= 0) { setCursor(stage, best); }
  }

  const KEYS = {
    ArrowLeft: (stage, event) => step(stage, event.shiftKey ? -20 : -1),
    ArrowRight: (stage, event) => step(stage, event.shiftKey ? 20 : 1),
    ArrowUp: findHighest,
    Escape: forget,
    "+": (stage) => zoom(stage, 0.5),
    "=": (stage) => zoom(stage, 0.5),
    "-": (stage) => zoom(stage, 2),
    0: (stage) => window.dash_clientside.set_props(stage.dataset.zoom, { data: null }),
  };

  document.addEventListener("keydown", (event) => {
    const stage = event.target;
    if (!stage.matches || !stage.matches("[data-viewer]") || event.ctrlKey || event.metaKey || event.altKey) { return; }
    const act = KEYS[event.key];
    const plot = plotOf(stage);
    if (!act || !plot || !curveOf(plot)) { return; }
    event.preventDefault();
    attach(stage);
    act(stage, event);
  });
})();
