/* Cursors of the signal viewer: a base cursor, its harmonics, and sidebands about it.

   One cursor per axis (domain): views of one axis share it, and the address holds it. Kept as
   "domain:base:harmonics:spacing:pairs,…" in the base unit of the axis, so it stays when the unit changes. */
(function () {
  "use strict";
  window.dash_clientside = window.dash_clientside || {};
  const pfd = (window.dash_clientside.pfd = window.dash_clientside.pfd || {});
  const viewer = (pfd.viewer = pfd.viewer || {});
  const STORE = "viewer-cursors";
  const MAX_HARMONICS = 40;
  const MAX_PAIRS = 20;
  const DOUBLE_MS = 400;

  /* --- What is kept --------------------------------------------------------------------------------------- */

  function parse(text) {
    const found = {};
    (text || "").split(",").filter(Boolean).forEach((part) => {
      const [domain, ...numbers] = part.split(":");
      const [base, harmonics, spacing, pairs] = numbers.map((number) => (number === "" ? undefined : Number(number)));
      if (Number.isFinite(base)) {
        found[domain] = { base, harmonics: harmonics || 0, spacing: spacing || 0, pairs: pairs || 0 };
      }
    });
    return found;
  }

  function format(cursors) {
    const short = (number) => (number ? String(Number(number.toPrecision(9))) : "");
    return Object.entries(cursors).map(([domain, cursor]) => {
      const rest = [cursor.harmonics, cursor.spacing, cursor.pairs].map(short);
      return [domain, String(Number(cursor.base.toPrecision(9))), ...rest].join(":").replace(/:+$/, "");
    }).join(",");
  }

  function readAll() {
    const store = window.dash_component_api.getLayout(STORE);
    return parse(store && store.props.data);
  }

  /* While somebody drags, what they drag; else what is kept. */
  let dragged = null;

  viewer.cursorOf = function (stage) {
    const domain = viewer.metaOf(stage).domain;
    if (!domain) { return undefined; }
    return dragged && dragged.domain === domain ? dragged.cursor : readAll()[domain];
  };

  viewer.keepCursor = function (stage, cursor) {
    const domain = viewer.metaOf(stage).domain;
    if (!domain) { return; }
    const all = readAll();
    if (cursor) {
      all[domain] = {
        base: cursor.base,
        harmonics: Math.min(Math.max(Math.round(cursor.harmonics || 0), 0), MAX_HARMONICS),
        spacing: Math.max(cursor.spacing || 0, 0),
        pairs: Math.min(Math.max(Math.round(cursor.pairs || 0), 0), MAX_PAIRS),
      };
    } else {
      delete all[domain];
    }
    window.dash_clientside.set_props(STORE, { data: format(all) });
    refresh();
  };

  /* --- What a plot shows ---------------------------------------------------------------------------------- */

  /* The curve that cursors read; of a map the highest level at each place. */
  viewer.curveOf = function (plot) {
    const trace = plot && plot._fullData && plot._fullData[0];
    if (!trace || !trace.x || !trace.x.length) { return null; }
    if (trace.type !== "heatmap") { return trace; }
    if (!trace.pfdProfile) {
      const y = Array.from(trace.x, (_, column) => trace.z.reduce((top, row) => Math.max(top, row[column]), -Infinity));
      trace.pfdProfile = { x: trace.x, y };
    }
    return trace.pfdProfile;
  };

  viewer.findNearest = function (xs, x) {
    let low = 0;
    let high = xs.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (xs[middle] <= x) { low = middle; } else { high = middle; }
    }
    return Math.abs(xs[high] - x) < Math.abs(xs[low] - x) ? high : low;
  };

  /* The height at a place on the axis: the highest point within `reach`, else the nearest one. */
  function readHeight(curve, x, reach) {
    let best = viewer.findNearest(curve.x, x);
    const beside = (at) => at >= 0 && at < curve.x.length && Math.abs(curve.x[at] - x) <= reach;
    const from = best;
    for (let at = from - 1; beside(at); at -= 1) { if (curve.y[at] > curve.y[best]) { best = at; } }
    for (let at = from + 1; beside(at); at += 1) { if (curve.y[at] > curve.y[best]) { best = at; } }
    return Number(curve.y[best]);
  }

  /* All lines of a cursor, in the base unit. */
  viewer.listMarks = function (cursor) {
    if (!cursor) { return []; }
    const marks = [{ x: cursor.base, kind: "base", k: 1, label: "1×" }];
    for (let k = 2; k <= cursor.harmonics; k += 1) { marks.push({ x: k * cursor.base, kind: "harmonic", k, label: k + "×" }); }
    for (let k = 1; cursor.spacing > 0 && k <= cursor.pairs; k += 1) {
      marks.push({ x: cursor.base - k * cursor.spacing, kind: "side", k: -k, label: "−" + k });
      marks.push({ x: cursor.base + k * cursor.spacing, kind: "side", k, label: "+" + k });
    }
    return marks;
  };

  /* What the marks read: place and height on the axes, and the fault line within whose slip band they lie. */
  viewer.readMarks = function (stage) {
    const meta = viewer.metaOf(stage);
    const curve = viewer.curveOf(viewer.plotOf(stage));
    if (!curve) { return []; }
    const [first, last] = [Number(curve.x[0]), Number(curve.x[curve.x.length - 1])];
    return viewer.listMarks(viewer.cursorOf(stage)).map((mark) => {
      const x = mark.x * meta.factor;
      const reach = mark.kind === "base" ? 0 : (meta.reach || 0) * Math.max(1, Math.abs(mark.k) / 2);
      const inside = x >= first - reach && x <= last + reach;
      return { ...mark, at: x, height: inside ? readHeight(curve, x, reach) : null, line: viewer.nameLine(x, meta) };
    });
  };

  viewer.nameLine = function (x, meta) {
    const near = (meta.lines || []).filter((line) =>
      (line.high > line.low ? x >= line.low && x <= line.high : Math.abs(x - line.x) <= Math.max(meta.reach || 0, 0.005 * line.x)));
    if (!near.length) { return ""; }
    const best = near.reduce((one, other) => (Math.abs(other.x - x) < Math.abs(one.x - x) ? other : one));
    const share = x / best.x - 1;
    return best.label + " " + (share < 0 ? "−" : "+") + Math.abs(100 * share).toFixed(1) + " %";
  };

  /* --- Lines over the plot -------------------------------------------------------------------------------- */

  function draw(stage) {
    const layer = stage.querySelector(".viewer-marks");
    const plot = viewer.plotOf(stage);
    const layout = plot && plot._fullLayout;
    if (!layer || !layout || !layout.xaxis || !layout.xaxis._length) { return; }
    const marks = viewer.metaOf(stage).domain && viewer.curveOf(plot) ? viewer.listMarks(viewer.cursorOf(stage)) : [];
    const outer = stage.getBoundingClientRect();
    const inner = plot.getBoundingClientRect();
    const size = layout._size;
    while (layer.children.length > marks.length) { layer.lastElementChild.remove(); }
    while (layer.children.length < marks.length) { layer.append(document.createElement("div")); }
    marks.forEach((mark, index) => {
      const line = layer.children[index];
      const left = layout.xaxis.l2p(mark.x * viewer.metaOf(stage).factor);
      line.className = "viewer-mark viewer-mark-" + mark.kind;
      line.dataset.kind = mark.kind;
      line.dataset.k = mark.k;
      line.dataset.label = mark.label;
      line.hidden = left < -0.5 || left > layout.xaxis._length + 0.5;
      line.style.left = inner.left - outer.left + layout.xaxis._offset + left + "px";
      line.style.top = inner.top - outer.top + size.t + "px";
      line.style.height = size.h + "px";
    });
  }

  /* Each line is dragged by itself: a harmonic stretches its family, a sideband their spacing. */
  function dragTo(stage, kind, k, x) {
    const old = dragged.cursor;
    const low = viewer.metaOf(stage).domain === "hz" || viewer.metaOf(stage).domain === "order" ? 0 : -Infinity;
    if (kind === "base") { dragged.cursor = { ...old, base: Math.max(x, viewer.metaOf(stage).view === "full" ? -Infinity : low) }; }
    if (kind === "harmonic") { dragged.cursor = { ...old, base: x / k }; }
    if (kind === "side") { dragged.cursor = { ...old, spacing: Math.abs(x - old.base) / Math.abs(k) }; }
  }

  document.addEventListener("pointerdown", (event) => {
    const mark = event.target.closest && event.target.closest(".viewer-mark");
    const stage = mark && mark.closest("[data-viewer]");
    if (!stage) { return; }
    event.preventDefault();
    stage.focus({ preventScroll: true });
    if (takeBack(stage)) { viewer.showAll(stage); return; }
    const meta = viewer.metaOf(stage);
    dragged = { stage, domain: meta.domain, kind: mark.dataset.kind, k: Number(mark.dataset.k), cursor: viewer.cursorOf(stage) };
  });

  document.addEventListener("pointermove", (event) => {
    if (!dragged) { return; }
    const plot = viewer.plotOf(dragged.stage);
    const axis = plot._fullLayout.xaxis;
    const pixels = event.clientX - plot.getBoundingClientRect().left - axis._offset;
    const place = axis.p2l(Math.min(Math.max(pixels, 0), axis._length));
    dragTo(dragged.stage, dragged.kind, dragged.k, place / viewer.metaOf(dragged.stage).factor);
    refresh();
  });

  ["pointerup", "pointercancel"].forEach((name) => document.addEventListener(name, () => {
    if (!dragged) { return; }
    const { stage, cursor } = dragged;
    dragged = null;
    viewer.keepCursor(stage, cursor);
  }));

  /* --- Together ------------------------------------------------------------------------------------------- */

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

  /* The first click of a double click has set a cursor, on which the second one falls. */
  let clicked = null;

  function takeBack(stage) {
    if (!clicked || clicked.stage !== stage || performance.now() - clicked.at > DOUBLE_MS) { return false; }
    viewer.keepCursor(stage, clicked.before || null);
    clicked = null;
    return true;
  }

  /* A click on a curve, or anywhere on a map, sets the base cursor. */
  viewer.attach = function (stage) {
    const plot = viewer.plotOf(stage);
    if (!plot || !plot.on || plot.pfdAttached) { return; }
    plot.pfdAttached = true;
    plot.on("plotly_click", (event) => {
      const meta = viewer.metaOf(stage);
      if (!meta.domain || !event.points.length) { return; }
      viewer.activate(stage);
      clicked = { stage, at: performance.now(), before: viewer.cursorOf(stage) };
      viewer.keepCursor(stage, { ...viewer.cursorOf(stage), base: Number(event.points[0].x) / meta.factor });
    });
    plot.on("plotly_doubleclick", () => takeBack(stage));
    plot.on("plotly_afterplot", () => { thinLabels(plot); window.requestAnimationFrame(refresh); });
    thinLabels(plot);
  };

  function refresh() {
    document.querySelectorAll("[data-viewer]").forEach((stage) => {
      draw(stage);
      viewer.sayCursor(stage);
    });
    viewer.showPanel();
  }

  /* New figures: cursors stay where they are and read the new curves, as soon as these are drawn. */
  let waiting = null;

  function isDrawn(stage, figure) {
    const asked = figure && figure.layout && figure.layout.meta;
    const plot = viewer.plotOf(stage);
    return !asked || (plot && plot.on && viewer.metaOf(stage).name === asked.name);
  }

  pfd.renewCursors = function (...figures) {
    window.clearTimeout(waiting);
    const look = (left) => {
      const stages = Array.from(document.querySelectorAll("[data-viewer]"));
      stages.forEach((stage) => {
        viewer.attach(stage);
        const name = viewer.metaOf(stage).name;
        if (name) { stage.setAttribute("aria-label", name + ": " + stage.dataset.keys); }
      });
      refresh();
      const late = stages.some((stage, index) => !isDrawn(stage, figures[index]));
      if (late && left > 0) { waiting = window.setTimeout(() => look(left - 1), 100); }
    };
    waiting = window.setTimeout(() => look(50), 50);
  };
})();
