/* Follows a signed link: the answer is an attachment, so the page stays where it is. */
(function () {
  "use strict";
  window.dash_clientside = window.dash_clientside || {};
  const pfd = (window.dash_clientside.pfd = window.dash_clientside.pfd || {});

  pfd.followDownload = function (link) {
    if (!link || !link.address || !link.address.startsWith("/api/v1/exports/")) return;
    const anchor = document.createElement("a");
    anchor.href = link.address;
    anchor.download = "";
    document.body.appendChild(anchor);
    anchor.click();
    anchor.remove();
  };
})();
