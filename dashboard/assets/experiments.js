/* Cells of the experiments' table, and its quiet refresh while trainings run. */
(function () {
  "use strict";
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const make = (...args) => window.React.createElement(...args);
  window.dash_clientside = window.dash_clientside || {};
  const pfd = (window.dash_clientside.pfd = window.dash_clientside.pfd || {});
  const STATES = {
    queued: ["hourglass", "neutral"], running: ["play-fill", "info"], paused: ["pause-fill", "warning"],
    done: ["check-lg", "success"], failed: ["x-lg", "danger"], cancelled: ["slash-circle", "neutral"],
    dead: ["heartbreak", "danger"],
  };
  const SPLITS = {
    clear: ["check-lg", "success", "no leak found"], note: ["info-lg", "info", "note"],
    amber: ["exclamation-triangle", "warning", "amber"], red: ["x-octagon", "danger", "red"],
  };

  function tag(icon, tone, words) {
    const sign = make("i", { className: "bi bi-" + icon, "aria-hidden": "true" });
    return make("span", { className: "tag tag-" + tone }, sign, make("span", null, words));
  }

  function percent(share, digits) {
    return (100 * share).toFixed(digits);
  }

  cells.PfdTraining = function (props) {
    if (!props.data) { return null; }
    const [icon, tone] = STATES[props.value] || ["question", "neutral"];
    const words = props.data.asked ? props.data.asked + " requested" : "";
    const under = ["running", "paused"].includes(props.value);
    const detail = under ? props.data.percent + " %" + (words && " · " + words) : props.data.stopped_early ? "stopped early" : "";
    const fill = make("span", { className: "meter-fill", style: { width: props.data.percent + "%" } });
    const meter = under ? make("span", { className: "meter cell-meter", "aria-hidden": "true" }, fill) : null;
    return make("span", { className: "cell-row" }, tag(icon, tone, props.value), meter, make("span", { className: "muted" }, detail));
  };

  /* A share never stands alone: how many were judged, and the 95 % interval. */
  cells.PfdAccuracy = function (props) {
    if (!props.data || props.value === null || props.value === undefined) { return make("span", { className: "muted" }, "–"); }
    const field = props.colDef.field;
    const interval = props.data[field + "_interval"];
    const digits = interval && interval[1] - interval[0] < 0.02 ? 1 : 0;
    const range = interval ? percent(interval[0], digits) + "–" + percent(interval[1], digits) + " %, " : "";
    const detail = range + "n = " + props.data[field + "_n"];
    return make("span", { className: "cell-row" },
      make("strong", { className: "cell-number" }, percent(props.value, 1) + " %"), make("span", { className: "muted" }, detail));
  };

  cells.PfdSplit = function (props) {
    if (!props.data) { return null; }
    const [icon, tone, words] = SPLITS[props.data.split_colour] || SPLITS.note;
    return make("span", { className: "cell-row" }, make("span", null, props.value), tag(icon, tone, words));
  };

  /* Last argument: the table's id. Rows that are shown are read again without losing the place. */
  pfd.refreshTable = function (...values) {
    const id = values.pop();
    const isThere = window.dash_ag_grid && document.querySelector("#" + id + " .ag-root");
    if (isThere) { window.dash_ag_grid.getApi(id).refreshInfiniteCache(); }
    return window.dash_clientside.no_update;
  };
})();
