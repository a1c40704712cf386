/* The cursors of the signal viewer in words and numbers: read-outs, fields, the table of values, the keys. */
(function () {
  "use strict";
  window.dash_clientside = window.dash_clientside || {};
  const pfd = (window.dash_clientside.pfd = window.dash_clientside.pfd || {});
  const viewer = (pfd.viewer = pfd.viewer || {});
  const FIELDS = { at: "viewer-cursor-at", harmonics: "viewer-cursor-harmonics", spacing: "viewer-cursor-spacing", pairs: "viewer-cursor-pairs" };
  const USUAL_HARMONICS = 5;
  const USUAL_PAIRS = 3;

  const stages = () => Array.from(document.querySelectorAll("[data-viewer]"));
  let active = null;

  /* The plot whose cursors the panel shows: the one used last, at first the view. */
  function activeStage() {
    const found = stages();
    if (!found.includes(active)) { active = found.find((stage) => stage.dataset.viewer === "viewer-view") || null; }
    return active;
  }

  viewer.activate = function (stage) {
    if (active !== stage) { active = stage; viewer.showPanel(); }
  };

  document.addEventListener("focusin", (event) => {
    const stage = event.target.closest && event.target.closest("[data-viewer]");
    if (stage) { viewer.activate(stage); }
  });

  function say(value, digits) {
    return String(Number(Number(value).toPrecision(digits)));
  }

  function sayPlace(x, meta) {
    return meta.digits === undefined ? say(x, 6) : Number(x).toFixed(meta.digits);
  }

  /* Revolutions per second of the shaft, where they are known. */
  function shaftHz() {
    const store = window.dash_component_api.getLayout("viewer-lines");
    return (store && store.props.data && store.props.data.shaft_frequency_hz) || null;
  }

  function sayOrder(at, meta) {
    return meta.shaft && meta.xUnit !== "X" ? (at / meta.shaft).toFixed(3) : "";
  }

  /* A time between two things, as a frequency and an order. */
  function sayPeriod(seconds) {
    if (!(Math.abs(seconds) > 0)) { return ""; }
    const hertz = 1 / Math.abs(seconds);
    const shaft = shaftHz();
    return say(hertz, 5) + " Hz" + (shaft ? " (" + (hertz / shaft).toFixed(3) + " X)" : "");
  }

  function sayDecibels(height, meta) {
    const factor = { amplitude: 20, power: 10 }[meta.db];
    return factor && height > 0 ? (factor * Math.log10(height)).toFixed(1) : "–";
  }

  /* --- The line below a plot ------------------------------------------------------------------------------ */

  viewer.sayCursor = function (stage) {
    const readout = document.getElementById(stage.dataset.cursor);
    const meta = viewer.metaOf(stage);
    const [base] = viewer.readMarks(stage);
    let words = meta.domain || !meta.view ? stage.dataset.hint : "Drag to zoom, double-click for all of it.";
    if (base) {
      const order = sayOrder(base.at, meta);
      const period = meta.domain === "delay" ? " = " + sayPeriod(base.x) : "";
      const height = base.height === null ? "out of view" : say(base.height, 4) + " " + (meta.yUnit || "(unit unknown)");
      words = "Cursor: " + sayPlace(base.at, meta) + " " + meta.xUnit + (order ? " (" + order + " X)" : "") + period +
        " · " + height + (base.line ? " · " + base.line : "");
    }
    if (readout && readout.textContent !== words) { window.dash_clientside.set_props(stage.dataset.cursor, { children: words }); }
  };

  /* --- The panel ------------------------------------------------------------------------------------------ */

  function listFields(cursor, meta) {
    const onAxis = (value) => (value ? Number((value * meta.factor).toPrecision(7)) : null);
    return {
      at: cursor ? Number((cursor.base * meta.factor).toPrecision(7)) : null,
      harmonics: (cursor && cursor.harmonics) || null,
      spacing: onAxis(cursor && cursor.spacing),
      pairs: (cursor && cursor.pairs) || null,
    };
  }

  viewer.showPanel = function () {
    const stage = activeStage();
    const panel = document.getElementById("viewer-cursor-panel");
    if (!stage || !panel) { return; }
    const meta = viewer.metaOf(stage);
    const shown = listFields(viewer.cursorOf(stage), meta);
    Object.entries(FIELDS).forEach(([name, id]) => {
      const field = document.getElementById(id);
      if (field && field !== document.activeElement && (field.value === "" ? null : Number(field.value)) !== shown[name]) {
        window.dash_clientside.set_props(id, { value: shown[name] });
      }
    });
    panel.querySelector(".viewer-cursor-of").textContent = meta.name ? " · " + meta.name + (meta.xUnit ? ", in " + meta.xUnit : "") : "";
    panel.querySelector(".viewer-cursor-tools").hidden = !meta.domain;
    showValues(panel.querySelector(".viewer-values"), stage, meta);
  };

  function buildRow(kind, cells) {
    const row = document.createElement("tr");
    cells.forEach((text, index) => {
      const cell = document.createElement(kind);
      cell.textContent = text;
      if (kind === "th") { cell.scope = "col"; }
      if (index > 0 && index < cells.length - 1) { cell.className = "number"; }
      row.append(cell);
    });
    return row;
  }

  function listColumns(meta) {
    const place = [meta.xName + " (" + meta.xUnit + ")", (mark) => sayPlace(mark.at, meta)];
    const order = ["Order", (mark) => sayOrder(mark.at, meta) || "–"];
    const period = ["1 / period", (mark) => sayPeriod(mark.x) || "–"];
    const height = ["Height (" + (meta.yUnit || "unit unknown") + ")", (mark) => (mark.height === null ? "out of view" : say(mark.height, 4))];
    const decibels = ["dB re 1 " + (meta.yUnit || "(unit unknown)"), (mark) => sayDecibels(mark.height, meta)];
    const line = ["Fault line", (mark) => mark.line || "–"];
    const middle = { hz: meta.shaft && meta.xUnit !== "X" ? [order] : [], delay: [period] }[meta.domain] || [];
    return [["Cursor", (mark) => mark.label], place, ...middle, height, ...(meta.db === "level" || !meta.db ? [] : [decibels]), line];
  }

  function showValues(area, stage, meta) {
    const marks = viewer.readMarks(stage);
    if (!marks.length) {
      const words = meta.domain ? "No cursor is set. Click the plot, or press Highest." : "This view takes no cursor.";
      area.replaceChildren(Object.assign(document.createElement("p"), { className: "muted tight", textContent: words }));
      return;
    }
    const columns = listColumns(meta);
    const table = document.createElement("table");
    table.className = "plain-table";
    const caption = table.createCaption();
    caption.className = "visually-hidden";
    caption.textContent = "Values at the cursors";
    table.createTHead().append(buildRow("th", columns.map(([head]) => head)));
    const body = table.createTBody();
    marks.forEach((mark) => body.append(buildRow("td", columns.map(([, read]) => read(mark)))));
    const frame = Object.assign(document.createElement("div"), { className: "plain-table-frame", tabIndex: 0 });
    frame.setAttribute("role", "region");
    frame.setAttribute("aria-label", "Values at the cursors");
    frame.append(table);
    const spacing = viewer.cursorOf(stage).spacing;
    const note = document.createElement("p");
    note.className = "field-help tight";
    note.textContent = spacing && meta.domain === "s" ? "Spacing " + say(spacing, 5) + " s = " + sayPeriod(spacing) : "";
    area.replaceChildren(frame, ...(note.textContent ? [note] : []));
  }

  /* What somebody writes into the fields. */
  pfd.writeCursors = function (at, harmonics, spacing, pairs) {
    const stage = activeStage();
    const meta = stage ? viewer.metaOf(stage) : {};
    if (!meta.domain) { return; }
    const cursor = viewer.cursorOf(stage);
    const shown = listFields(cursor, meta);
    const asked = { at, harmonics, spacing, pairs };
    const changed = Object.keys(asked).filter((name) => (asked[name] === undefined ? null : asked[name]) !== shown[name]);
    if (!changed.length) { return; }
    if (changed.includes("at") && typeof at !== "number") { viewer.keepCursor(stage, null); return; }
    const base = typeof at === "number" && changed.includes("at") ? at / meta.factor : cursor ? cursor.base : highest(stage);
    if (base === undefined) { return; }
    const gap = changed.includes("spacing") ? (spacing || 0) / meta.factor : (cursor && cursor.spacing) || 0;
    viewer.keepCursor(stage, { base, harmonics: harmonics || 0, spacing: gap, pairs: gap && !pairs ? USUAL_PAIRS : pairs || 0 });
  };

  /* --- Moves ---------------------------------------------------------------------------------------------- */

  function setBase(stage, index) {
    const curve = viewer.curveOf(viewer.plotOf(stage));
    const at = Math.min(Math.max(index, 0), curve.x.length - 1);
    viewer.keepCursor(stage, { ...viewer.cursorOf(stage), base: Number(curve.x[at]) / viewer.metaOf(stage).factor });
  }

  function readRange(stage) {
    return Array.from(viewer.plotOf(stage)._fullLayout.xaxis.range).map(Number);
  }

  function baseIndex(stage) {
    const curve = viewer.curveOf(viewer.plotOf(stage));
    const cursor = viewer.cursorOf(stage);
    const [low, high] = readRange(stage);
    return viewer.findNearest(curve.x, cursor ? cursor.base * viewer.metaOf(stage).factor : (low + high) / 2);
  }

  function listInView(stage) {
    const curve = viewer.curveOf(viewer.plotOf(stage));
    const [low, high] = readRange(stage);
    return Array.from(curve.x.keys()).filter((at) => curve.x[at] >= low && curve.x[at] <= high);
  }

  function sizeOf(stage) {
    const curve = viewer.curveOf(viewer.plotOf(stage));
    return viewer.metaOf(stage).db === "level" ? (at) => Number(curve.y[at]) : (at) => Math.abs(Number(curve.y[at]));
  }

  function findHighest(stage) {
    const size = sizeOf(stage);
    return listInView(stage).reduce((best, at) => (best < 0 || size(at) > size(best) ? at : best), -1);
  }

  function highest(stage) {
    const at = findHighest(stage);
    return at < 0 ? undefined : Number(viewer.curveOf(viewer.plotOf(stage)).x[at]) / viewer.metaOf(stage).factor;
  }

  /* What stands out of its surroundings: above every point close by, and well above the usual height. */
  function listPeaks(stage) {
    const size = sizeOf(stage);
    const inView = listInView(stage);
    const usual = inView.map(size).sort((one, other) => one - other)[inView.length >> 1];
    const most = inView.reduce((top, at) => Math.max(top, size(at)), -Infinity);
    const least = viewer.metaOf(stage).db === "level" ? Math.max(usual + 14, most - 34) : Math.max(5 * usual, 0.02 * most);
    return inView.filter((at, place) => size(at) > least && [-3, -2, -1, 1, 2, 3].every((step) => {
      const other = inView[place + step];
      return other === undefined || size(other) < size(at) || (size(other) === size(at) && step > 0);
    }));
  }

  function goToPeak(stage, direction) {
    const from = viewer.cursorOf(stage) ? baseIndex(stage) : direction > 0 ? -1 : Infinity;
    const peaks = listPeaks(stage).filter((at) => direction * (at - from) > 0);
    if (peaks.length) { setBase(stage, direction > 0 ? peaks[0] : peaks[peaks.length - 1]); }
  }

  function toggle(stage, part) {
    const meta = viewer.metaOf(stage);
    const cursor = viewer.cursorOf(stage) || { base: highest(stage), harmonics: 0, spacing: 0, pairs: 0 };
    if (cursor.base === undefined) { return; }
    const [low, high] = readRange(stage);
    const usual = meta.domain === "hz" && shaftHz() ? shaftHz() : meta.domain === "order" ? 1 : (high - low) / 20 / meta.factor;
    const change = part === "harmonics"
      ? { harmonics: cursor.harmonics > 1 ? 0 : USUAL_HARMONICS }
      : { pairs: cursor.pairs ? 0 : USUAL_PAIRS, spacing: cursor.pairs ? 0 : cursor.spacing || usual };
    viewer.keepCursor(stage, { ...cursor, ...change });
  }

  function about(stage) {
    const cursor = viewer.cursorOf(stage);
    return cursor ? cursor.base * viewer.metaOf(stage).factor : undefined;
  }

  const MOVES = {
    previous: (stage) => goToPeak(stage, -1),
    next: (stage) => goToPeak(stage, 1),
    highest: (stage) => { const at = findHighest(stage); if (at >= 0) { setBase(stage, at); } },
    clear: (stage) => viewer.keepCursor(stage, null),
  };

  const step = (stage, move) => setBase(stage, baseIndex(stage) + (viewer.cursorOf(stage) ? move : 0));
  const KEYS = {
    ArrowLeft: (stage, event) => step(stage, event.shiftKey ? -20 : -1),
    ArrowRight: (stage, event) => step(stage, event.shiftKey ? 20 : 1),
    ArrowUp: MOVES.highest,
    Escape: MOVES.clear,
    n: MOVES.next,
    p: MOVES.previous,
    h: (stage) => toggle(stage, "harmonics"),
    b: (stage) => toggle(stage, "sidebands"),
    "+": (stage) => viewer.zoom(stage, 0.5, about(stage)),
    "=": (stage) => viewer.zoom(stage, 0.5, about(stage)),
    "-": (stage) => viewer.zoom(stage, 2, about(stage)),
    0: (stage) => viewer.showAll(stage),
  };
  const WITHOUT_CURSOR = ["+", "=", "-", "0"];

  document.addEventListener("keydown", (event) => {
    const stage = event.target;
    if (!stage.matches || !stage.matches("[data-viewer]") || event.ctrlKey || event.metaKey || event.altKey) { return; }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = KEYS[key];
    const usable = viewer.curveOf(viewer.plotOf(stage)) && (viewer.metaOf(stage).domain || WITHOUT_CURSOR.includes(key));
    if (!act || !usable) { return; }
    event.preventDefault();
    viewer.attach(stage);
    act(stage, event);
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest('[data-action="move-cursor"]');
    const stage = button && activeStage();
    if (stage && viewer.metaOf(stage).domain && viewer.curveOf(viewer.plotOf(stage))) { MOVES[button.dataset.move](stage); }
  });
})();
