/* The import wizard: cells of its table, and metadata tables read from this computer. */
(function () {
  "use strict";
  const MAX_TABLE_BYTES = 2e6;
  const pfd = window.dashAgGridFunctions.pfd;

  pfd.formatKnown = function (value, unknown) {
    if (value === null || value === undefined || value === "") { return unknown; }
    return typeof value === "number" ? pfd.formatNumber(value, 7) : String(value).replaceAll("_", " ");
  };

  function readTable(target) {
    const input = Object.assign(document.createElement("input"), { type: "file", accept: ".csv,.tsv,.txt" });
    input.addEventListener("change", async () => {
      const file = input.files[0];
      const isTooLarge = file.size > MAX_TABLE_BYTES;
      const text = isTooLarge ? "" : (await file.text()).replace(/^\ufeff/, "");
      if (!isTooLarge) { window.dash_clientside.set_props(target, { value: text }); return; }
      const toast = { title: "The table is too large", text: file.name + " has more than 2 MB.", level: "warning", link: null };
      window.dash_clientside.set_props("frame-toast-feed", { data: { toasts: [toast], stamp: Date.now() } });
    });
    input.click();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest('[data-action="read-table"]');
    if (button) { readTable(button.dataset.target); }
  });
})();
