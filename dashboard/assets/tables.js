/* Tables: their first rows, and the menu that shows and hides their columns. */
(function () {
  "use strict";

  window.dash_clientside = window.dash_clientside || {};
  const pfd = (window.dash_clientside.pfd = window.dash_clientside.pfd || {});
  let nAsked = 0;

  /* The table asks for rows. Its first ones came with the page, for the values `firstFilters`; for all others
     this returns the wish, which a callback answers. */
  pfd.askForRows = function (wish, table, rows, firstFilters, ...filters) {
    if (!wish) { return window.dash_clientside.no_update; }
    const { startRow, endRow, sortModel, filterModel } = wish;
    const isFirst = !startRow && !sortModel.length && !Object.keys(filterModel || {}).length;
    nAsked += 1;
    if (rows && isFirst && JSON.stringify(firstFilters) === JSON.stringify(filters)) {
      window.dash_clientside.set_props(table, { getRowsResponse: Object.assign({}, rows) });
      return window.dash_clientside.no_update;
    }
    return { startRow, endRow, sortModel, filterModel, nAsked };
  };

  function find(button) {
    return window.dash_ag_grid && window.dash_ag_grid.getApi(button.dataset.table);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest('[data-action="toggle-column"]');
    const grid = button && find(button);
    if (!grid) { return; }
    const shown = button.getAttribute("aria-checked") !== "true";
    grid.setColumnsVisible([button.dataset.field], shown);
    button.setAttribute("aria-checked", String(shown));
    localStorage.setItem("columns-" + button.dataset.table, JSON.stringify(grid.getColumnState()));
  });

  /* When the menu opens, it shows what the table shows. */
  document.addEventListener("toggle", (event) => {
    if (!event.target.matches || !event.target.matches("details.menu") || !event.target.open) { return; }
    event.target.querySelectorAll('[data-action="toggle-column"]').forEach((button) => {
      const grid = find(button);
      const column = grid && grid.getColumn(button.dataset.field);
      if (column) { button.setAttribute("aria-checked", String(column.isVisible())); }
    });
  }, true);
})();
