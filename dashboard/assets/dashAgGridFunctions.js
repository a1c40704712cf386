/* Formatters of table cells. */
(function () {
  "use strict";
  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});

  const key = (table) => "columns-" + table;

  function readColumns(table) {
    try { return JSON.parse(localStorage.getItem(key(table))); } catch (error) { return null; }
  }

  functions.pfd = {
    restoreColumns: function (params, table) {
      const state = readColumns(table);
      if (state) { params.api.applyColumnState({ state: state, applyOrder: true }); }
    },
    keepColumns: function (params, table) {
      const byPerson = String(params.source).startsWith("ui") || params.source === "autosizeColumns";
      if (params.finished === false || !byPerson) { return; }
      localStorage.setItem(key(table), JSON.stringify(params.api.getColumnState()));
    },
    formatNumber: function (value, digits) {
      if (value === null || value === undefined || value === "") { return "–"; }
      const whole = Number.isInteger(value) && Math.abs(value) < 1e15;
      const options = whole ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: digits };
      return Number(value).toLocaleString("en-US", options).replaceAll(",", "\u202f");
    },
    formatMoment: function (value) {
      return value ? String(value).slice(0, 16).replace("T", " ") + " UTC" : "–";
    },
  };
})();
