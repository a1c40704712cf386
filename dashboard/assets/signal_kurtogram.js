/* The kurtogram of the signal viewer: a click on a cell, or the arrow keys and Enter, take its band. */
(function () {
  "use strict";
  const stageOf = (element) => element && element.closest && element.closest("[data-kurtogram]");
  const plotOf = (stage) => stage.querySelector(".js-plotly-plot");

  function takeBand(low, high) {
    window.dash_clientside.set_props("viewer-band-low", { value: Number(low) });
    window.dash_clientside.set_props("viewer-band-high", { value: Number(high) });
  }

  const tidy = (hertz) => Number(hertz.toFixed(1));

  /* Cells by row: [low, high, kurtosis, row]. */
  function listCells(plot) {
    const trace = plot && plot._fullData && plot._fullData[0];
    return trace && trace.customdata ? Array.from(trace.customdata) : [];
  }

  /* The cell that the keys are at; at first the best one. */
  function showCell(stage, cell) {
    const plot = plotOf(stage);
    const frame = stage.querySelector(".viewer-cell");
    const layout = plot._fullLayout;
    const rows = layout.yaxis._categories.length;
    const factor = plot.layout.meta.factor;
    const outer = stage.getBoundingClientRect();
    const inner = plot.getBoundingClientRect();
    const [left, right] = [cell[0], cell[1]].map((edge) => layout.xaxis.l2p(edge * factor));
    stage.pfdCell = cell;
    frame.hidden = false;
    frame.style.left = inner.left - outer.left + layout.xaxis._offset + left + "px";
    frame.style.width = Math.max(right - left, 3) + "px";
    frame.style.top = inner.top - outer.top + layout.yaxis._offset + (cell[3] * layout.yaxis._length) / rows + "px";
    frame.style.height = layout.yaxis._length / rows + "px";
    const words = tidy(cell[0]) + " – " + tidy(cell[1]) + " Hz, kurtosis " + Number(cell[2].toPrecision(3)) + ". Enter takes it.";
    stage.closest(".viewer-kurtogram").querySelector(".viewer-cell-words").textContent = words;
  }

  function moveTo(stage, rowStep, step) {
    const cells = listCells(plotOf(stage));
    if (!cells.length) { return; }
    const best = cells.reduce((one, other) => (other[2] > one[2] ? other : one));
    const now = cells.find((cell) => stage.pfdCell && cell.every((value, index) => value === stage.pfdCell[index]));
    if (!now) { showCell(stage, best); return; }
    const row = now[3] + rowStep;
    const middle = (now[0] + now[1]) / 2;
    const beside = cells.filter((cell) => cell[3] === row).sort((one, other) => one[0] - other[0]);
    if (!beside.length) { return; }
    const at = beside.findIndex((cell) => middle >= cell[0] && middle < cell[1]);
    showCell(stage, beside[Math.min(Math.max((at < 0 ? 0 : at) + step, 0), beside.length - 1)]);
  }

  const KEYS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  document.addEventListener("keydown", (event) => {
    const stage = event.target;
    if (!stage.matches || !stage.matches("[data-kurtogram]")) { return; }
    if (KEYS[event.key]) {
      event.preventDefault();
      moveTo(stage, ...KEYS[event.key]);
    } else if (event.key === "Enter" && stage.pfdCell) {
      event.preventDefault();
      takeBand(tidy(stage.pfdCell[0]), tidy(stage.pfdCell[1]));
    }
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest('[data-action="take-band"]');
    if (button) { takeBand(button.dataset.low, button.dataset.high); }
  });

  /* Plotly knows which cell a click hit; it hears of it only once it has drawn. */
  document.addEventListener("pointerover", (event) => {
    const stage = stageOf(event.target);
    const plot = stage && plotOf(stage);
    if (!plot || !plot.on || plot.pfdAttached) { return; }
    plot.pfdAttached = true;
    plot.on("plotly_click", (clicked) => {
      const cell = clicked.points[0].customdata;
      showCell(stage, cell);
      takeBand(tidy(cell[0]), tidy(cell[1]));
    });
    plot.on("plotly_afterplot", () => { stage.querySelector(".viewer-cell").hidden = true; });
  });
})();
