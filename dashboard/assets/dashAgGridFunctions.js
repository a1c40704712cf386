/* Formatters of table cells. */
(function () {
  "use strict";
  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});

  functions.pfd = {
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
