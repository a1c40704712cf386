/* What Dash asks for first is asked for at once, while its scripts still load; the layout is told which page
   it is for and comes with that page in it. */
(function () {
  "use strict";
  const send = window.fetch;
  const callbacks = document.querySelector("meta[name='pfd-callbacks']").content;
  const page = window.location.pathname + window.location.search;

  function ask(address, headers) {
    const options = { credentials: "same-origin", headers: Object.assign({ Accept: "application/json" }, headers) };
    return send.call(window, address, options).catch(() => null);
  }

  const early = {
    "/_dash-layout": ask("/_dash-layout", { "X-PFD-Page": page }),
    "/_dash-dependencies": ask(callbacks, {}),
  };

  window.fetch = async function (target, options) {
    const asked = early[target];
    delete early[target];
    return (await asked) || send.call(this, target, options);
  };
})();
