/* Zooms of the signal viewer: they ask the server for what is in view, and views of one axis share them.

   A figure's meta (layouts/figures/signal_axes.py) says what its axes mean. A zoom is kept in its base unit:
   seconds, hertz, orders; null is all of it. */
(function () {
  "use strict";
  window.dash_clientside = window.dash_clientside || {};
  const pfd = (window.dash_clientside.pfd = window.dash_clientside.pfd || {});
  const viewer = (pfd.viewer = pfd.viewer || {});
  const noUpdate = () => window.dash_clientside.no_update;
  const listTriggers = () => (window.dash_clientside.callback_context.triggered || []).map((change) => change.prop_id);

  const KEYS = ["time", "hz", "envelope", "order", "delay", "full"];
  viewer.STORES = {
    time: "viewer-stretch",
    hz: "viewer-zoom",
    envelope: "viewer-envelope-zoom",
    order: "viewer-order-zoom",
    delay: "viewer-delay-zoom",
    full: "viewer-full-zoom",
  };

  function readMeta(figure) {
    return (figure && figure.layout && figure.layout.meta) || {};
  }

  /* What a zoom along x or y means: its key, the factor to its base unit, the whole extent, the least. */
  function listAxes(meta) {
    const axes = [];
    if (meta.zoom) {
      axes.push({ name: "xaxis", key: meta.zoom, factor: meta.factor, full: meta.full, least: meta.least || 0 });
    }
    if (meta.zoomY) {
      axes.push({ name: "yaxis", key: meta.zoomY, factor: meta.factorY, full: meta.fullY, least: meta.leastY || 0 });
    }
    return axes;
  }

  /* A range on the axis, in the base unit: null for all of it. */
  function settle(low, high, axis) {
    const [first, last] = axis.full;
    const least = Math.min(axis.least, last - first);
    let from = Math.min(low, high);
    let to = Math.max(low, high);
    if (to - from < least) { [from, to] = [(from + to - least) / 2, (from + to + least) / 2]; }
    if (from < first) { [from, to] = [first, Math.max(to, first + least)]; }
    if (to > last) { [from, to] = [Math.max(first, Math.min(from, last - least)), last]; }
    if (from <= first && to >= last) { return null; }
    return [from, to].map((edge) => Number((edge / axis.factor).toPrecision(9)));
  }

  /* What a relayout event says of an axis: a range, null for "all of it", undefined for nothing. */
  function readRelayout(event, axis) {
    if (event[axis.name + ".autorange"]) { return null; }
    const range = event[axis.name + ".range"] || [event[axis.name + ".range[0]"], event[axis.name + ".range[1]"]];
    if (range[0] === undefined || range[1] === undefined) { return undefined; }
    return settle(Number(range[0]), Number(range[1]), axis);
  }

  function differs(one, other) {
    return JSON.stringify(one || null) !== JSON.stringify(other || null);
  }

  /* Fields somebody writes in: an answer that comes meanwhile leaves them alone. */
  const edited = new Set();
  document.addEventListener("input", (event) => {
    if (event.target.matches && event.target.matches(".viewer-number")) { edited.add(event.target.id); }
  });

  /* The fields say what the waveform shows. */
  pfd.showStretch = function (figure) {
    const outputs = window.dash_clientside.callback_context.outputs_list;
    const shown = readMeta(figure).shown;
    return outputs.map((output, index) => (!shown || edited.has(output.id) ? noUpdate() : shown[index]));
  };

  /* What the fields ask for, undefined where that is what is shown anyway. */
  function readEdges(from, to, figure) {
    const meta = readMeta(figure);
    const [axis] = listAxes(meta);
    if (!axis || typeof from !== "number" || typeof to !== "number" || from >= to) { return undefined; }
    const shown = figure.layout.xaxis.range || [];
    const least = Math.pow(10, -(meta.digits || 6)); /* what the fields show is rounded */
    const same = Math.abs(from - shown[0]) < least && Math.abs(to - shown[1]) < least;
    return same ? undefined : settle(from, to, axis);
  }

  /* Zooms by key that a change asks for. */
  function readChange(events, figures, from, to) {
    const sources = listTriggers(); /* a click on the button also leaves the field before it: both come at once */
    if (sources.some((source) => source.endsWith(".n_clicks"))) {
      edited.clear();
      return { time: null };
    }
    const drawn = sources.filter((source) => source.endsWith(".relayoutData"));
    if (!drawn.length) {
      sources.forEach((source) => edited.delete(source.split(".")[0]));
      return { time: readEdges(from, to, figures[0]) };
    }
    const chosen = {};
    drawn.forEach((source) => {
      const index = source.startsWith("viewer-waveform.") ? 0 : 1;
      const event = events[index] || {};
      listAxes(readMeta(figures[index])).forEach((axis) => { chosen[axis.key] = readRelayout(event, axis); });
    });
    if (chosen.time !== undefined) { edited.clear(); }
    return chosen;
  }

  /* Arguments: the events of both plots, four of the fields, the button; the fields' values, both figures, and
     the zooms by KEYS. */
  pfd.chooseZooms = function (waveform, view, _s1, _b1, _s2, _b2, _whole, from, to, waveFigure, viewFigure, ...current) {
    const chosen = readChange([waveform, view], [waveFigure, viewFigure], from, to);
    return KEYS.map((key, index) =>
      chosen[key] === undefined || !differs(chosen[key], current[index]) ? noUpdate() : chosen[key]);
  };

  pfd.takeBand = function (_clicks, zoom) {
    return zoom ? zoom.map((edge) => Math.round(edge)) : [null, null];
  };

  /* The links to the recordings before and after keep how this one is looked at, not where. */
  const OF_THIS_RECORDING = ["signal", "x", "hz", "envelope_hz", "full_hz", "speed", "cursors", "other"];

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

  viewer.plotOf = (stage) => stage && stage.querySelector(".js-plotly-plot");
  viewer.metaOf = (stage) => {
    const plot = viewer.plotOf(stage);
    return (plot && plot.layout && plot.layout.meta) || {};
  };

  /* The range that was asked for last, though its figure may still be on its way; null asks for the usual. */
  function readWanted(plot, axis) {
    const store = window.dash_component_api.getLayout(viewer.STORES[axis.key]);
    const asked = store && store.props.data;
    return asked ? asked.map((edge) => edge * axis.factor) : Array.from(plot._fullLayout.xaxis.range);
  }

  /* By the keyboard: about `centre` (a place on the axis) if it is in view, else about the middle. */
  viewer.zoom = function (stage, factor, centre) {
    const plot = viewer.plotOf(stage);
    const axis = listAxes(viewer.metaOf(stage)).find((each) => each.name === "xaxis");
    if (!axis) { return; }
    const [low, high] = readWanted(plot, axis);
    const about = centre !== undefined && centre >= low && centre <= high ? centre : (low + high) / 2;
    const range = settle(about - (about - low) * factor, about + (high - about) * factor, axis);
    window.dash_clientside.set_props(viewer.STORES[axis.key], { data: range });
  };

  viewer.showAll = function (stage) {
    listAxes(viewer.metaOf(stage)).forEach((axis) => {
      window.dash_clientside.set_props(viewer.STORES[axis.key], { data: null });
    });
  };
})();
