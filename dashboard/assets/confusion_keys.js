/* In a confusion matrix the arrow keys go to the next cell that can be opened. */
(function () {
  "use strict";
  const STEPS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };

  document.addEventListener("keydown", (event) => {
    const button = event.target.closest && event.target.closest(".matrix-button");
    const step = STEPS[event.key];
    if (!button || !step) { return; }
    event.preventDefault();
    const rows = Array.from(button.closest("tbody").rows);
    let row = rows.indexOf(button.closest("tr"));
    let column = button.closest("td").cellIndex;
    for (;;) {
      row += step[0];
      column += step[1];
      const cell = rows[row] && rows[row].cells[column];
      if (!cell || column < 1) { return; }
      const next = cell.querySelector(".matrix-button");
      if (next) { next.focus(); return; }
    }
  });
})();
