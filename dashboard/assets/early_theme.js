/* Before the first paint: the theme and the navigation's width that this browser chose. */
(function () {
  "use strict";
  const root = document.documentElement;
  function stored(key) {
    try { return JSON.parse(localStorage.getItem(key)); } catch (error) { return null; }
  }
  const dark = window.matchMedia && window.matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = stored("pfd-theme") || (dark ? "dark" : "light");
  root.setAttribute("data-bs-theme", theme);
  root.setAttribute("data-ag-theme-mode", theme);
  if (stored("frame-nav-collapsed") === true) { root.setAttribute("data-nav", "collapsed"); }
})();
