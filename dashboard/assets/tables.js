/* The menu that shows and hides the columns of a table. */
(function () {
  "use strict";

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
