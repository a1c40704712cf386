/* Downloads of a plot, made from what it shows: PNG, SVG, or its values as CSV. */
(function () {
  "use strict";

  function cell(value) {
    const text = value === null || value === undefined ? "" : String(value);
    const unsafe = typeof value !== "number" && /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
    return /[",\n\r]/.test(unsafe) ? '"' + unsafe.replaceAll('"', '""') + '"' : unsafe;
  }

  function list(values) {
    return values ? Array.from(values) : [];
  }

  /* What Python escaped so that Plotly shows it as text. */
  function unescape(text) {
    return text.replaceAll("&#37;", "%").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  }

  function buildCsv(plot) {
    const layout = plot._fullLayout;
    const title = (axis) => unescape((layout[axis] && layout[axis].title && layout[axis].title.text) || axis);
    const columns = [];
    const traces = plot._fullData.filter((trace) => trace.visible === true);
    traces.forEach((trace) => {
      const name = trace.name && traces.length > 1 ? " " + trace.name : "";
      if (trace.type === "heatmap") {
        columns.push([title("xaxis"), ...list(trace.x)], ...list(trace.y).map((row, index) => [row, ...list(trace.z[index])]));
        return;
      }
      columns.push([title("xaxis") + name, ...list(trace.x)], [title("yaxis") + name, ...list(trace.y)]);
    });
    const height = Math.max(0, ...columns.map((column) => column.length));
    const lines = [];
    for (let row = 0; row < height; row += 1) {
      lines.push(columns.map((column) => cell(row < column.length ? column[row] : "")).join(","));
    }
    return lines.join("\r\n") + "\r\n";
  }

  function save(name, text) {
    const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    const link = Object.assign(document.createElement("a"), { href: address, download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest('[data-action="download-plot"]');
    const plot = button && button.closest("figure").querySelector(".js-plotly-plot");
    if (!plot || !window.Plotly) { return; }
    /* a plot that shows one view after another says which one it is */
    const shown = (plot.layout.meta && plot.layout.meta.name) || button.dataset.name;
    const name = shown.toLowerCase().replace(/[^a-z0-9]+/g, "-");
    if (button.dataset.kind === "csv") { save(name + ".csv", buildCsv(plot)); return; }
    window.Plotly.downloadImage(plot, { format: button.dataset.kind, filename: name, width: 1200, height: 600, scale: 2 });
  });
})();
