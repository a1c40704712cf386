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

  /* A group says how many of its trainings are in which state. */
  cells.PfdTraining = function (props) {
    if (!props.data) { return null; }
    const states = Object.entries(props.data.states || {});
    const under = ["running", "paused"].includes(props.value);
    const fill = make("span", { className: "meter-fill", style: { width: props.data.percent + "%" } });
    const meter = under ? make("span", { className: "meter cell-meter", "aria-hidden": "true" }, fill) : null;
    if (states.length > 1) {
      const tags = states.map(([state, count]) => tag(...(STATES[state] || ["question", "neutral"]), count + " " + state));
      return make("span", { className: "cell-row" }, ...tags, meter);
    }
    const [icon, tone] = STATES[props.value] || ["question", "neutral"];
    const words = props.data.asked ? props.data.asked + " requested" : "";
    const detail = under ? props.data.percent + " %" + (words && " · " + words) : props.data.stopped_early ? "stopped early" : "";
    return make("span", { className: "cell-row" }, tag(icon, tone, props.value), meter, make("span", { className: "muted" }, detail));
  };

  /* A share never stands alone: how many were judged, or over how many seeds, and the 95 % interval. */
  cells.PfdAccuracy = function (props) {
    if (!props.data || props.value === null || props.value === undefined) { return make("span", { className: "muted" }, "–"); }
    const field = props.colDef.field;
    const interval = props.data[field + "_interval"];
    const digits = interval && interval[1] - interval[0] < 0.02 ? 1 : 0;
    const range = interval ? percent(interval[0], digits) + "–" + percent(interval[1], digits) + " %, " : "";
    const n = props.data[field + "_n"];
    const over = n ? "n = " + n : props.data[field + "_note"] || "";
    return make("span", { className: "cell-row" },
      make("strong", { className: "cell-number" }, percent(props.value, 1) + " %"), make("span", { className: "muted" }, range + over));
  };

  /* The classical model beside a network, and how much the network is better: in points, not in words. */
  cells.PfdBaseline = function (props) {
    if (!props.data || props.value === null || props.value === undefined) { return make("span", { className: "muted" }, "–"); }
    const gain = props.data.baseline_gain;
    const points = gain === null || gain === undefined ? "" : (gain < 0 ? "−" : "+") + percent(Math.abs(gain), 1) + " points";
    return make("span", { className: "cell-row", title: props.data.baseline_network || "" },
      make("span", { className: "cell-number" }, percent(props.value, 1) + " %"),
      make("span", { className: gain < 0 ? "gain-below" : "muted" }, points));
  };

  cells.PfdOption = function (props) {
    const value = props.value;
    if (value === null || value === undefined) { return make("span", { className: "muted" }, "–"); }
    return make("span", { className: "number" }, value === true ? "yes" : value === false ? "no" : String(value));
  };

  /* A group unfolds into its trainings and the baseline beside them. */
  cells.PfdExperiment = function (props) {
    const row = props.data;
    if (!row) { return null; }
    const name = row.level && row.kind !== "baseline" ? row.tag : props.value;
    const label = row.href ? make(cells.PfdLink, { data: { href: row.href }, value: name }) : make("strong", { className: "group-name" }, name);
    const words = row.tag && row.tag !== name ? make("span", { className: "tag tag-neutral" }, row.tag) : null;
    const space = make("span", { className: "unfold-space", "aria-hidden": "true" });
    const button = row.n_children ? make("button", {
      type: "button", className: "unfold", "aria-expanded": String(Boolean(row.is_open)),
      "aria-label": (row.is_open ? "Fold " : "Unfold ") + props.value,
      onClick: () => toggle(row.group_key),
    }, make("i", { className: "bi bi-chevron-" + (row.is_open ? "down" : "right"), "aria-hidden": "true" })) : space;
    return make("span", { className: "cell-row cell-experiment" + (row.level ? " cell-child" : "") }, button, label, words);
  };

  function toggle(key) {
    window.dash_clientside.set_props("experiments-toggled", { data: { key: key, at: Date.now() } });
  }

  pfd.toggleGroup = function (toggled, expanded) {
    if (!toggled) { return window.dash_clientside.no_update; }
    const others = expanded.filter((each) => each !== toggled.key);
    return others.length < expanded.length ? others : others.concat([toggled.key]);
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
