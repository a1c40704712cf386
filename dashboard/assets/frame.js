/* Named clientside functions of the frame. */
(function () {
  "use strict";
  const root = document.documentElement;
  window.dash_clientside = window.dash_clientside || {};
  const pfd = (window.dash_clientside.pfd = window.dash_clientside.pfd || {});
  const noUpdate = () => window.dash_clientside.no_update;
  const MAX_TOASTS = 6;
  const DEFAULTS = ["", false, "all", "latest"];

  function applyTheme(theme) {
    root.setAttribute("data-bs-theme", theme);
    root.setAttribute("data-ag-theme-mode", theme);
    return theme;
  }

  /* Without a click it only says which theme is on, so that figures are drawn in it. A click is a choice,
     and only a choice is kept: until then the page follows the system. */
  pfd.toggleTheme = function (clicks, theme) {
    const shown = root.getAttribute("data-bs-theme") || "light";
    if (!clicks) { return theme === shown ? noUpdate() : shown; }
    const chosen = applyTheme(shown === "dark" ? "light" : "dark");
    localStorage.setItem("pfd-theme", JSON.stringify(chosen));
    return chosen;
  };

  pfd.collapseNav = function (clicks) {
    if (!clicks) { return noUpdate(); }
    const collapsed = root.getAttribute("data-nav") !== "collapsed";
    if (collapsed) { root.setAttribute("data-nav", "collapsed"); } else { root.removeAttribute("data-nav"); }
    return collapsed;
  };

  /* The drawer of a phone: opened by its button, closed by the backdrop or by going somewhere. */
  pfd.openNav = function () {
    const trigger = (window.dash_clientside.callback_context.triggered_id || "").toString();
    if (trigger === "frame-nav-open") {
      root.setAttribute("data-drawer", "open");
      const first = document.querySelector("#frame-nav a");
      if (first) { first.focus(); }
    } else {
      root.removeAttribute("data-drawer");
    }
  };

  function toastComponent(toast, key) {
    const level = toast.level || "info";
    const body = [];
    if (toast.text) { body.push({ namespace: "dash_html_components", type: "Div", props: { children: toast.text } }); }
    if (toast.link) {
      body.push({ namespace: "dash_core_components", type: "Link", props: { href: toast.link, children: "Open" } });
    }
    return {
      namespace: "dash_bootstrap_components",
      type: "Toast",
      props: {
        key: key,
        header: toast.title,
        children: body,
        dismissable: true,
        is_open: true,
        duration: level === "danger" || level === "warning" ? null : 10000,
        class_name: "pfd-toast toast-" + level + (body.length ? "" : " toast-bare"),
      },
    };
  }

  pfd.addToasts = function (feed, shown) {
    if (!feed || !feed.toasts || !feed.toasts.length) { return noUpdate(); }
    const fresh = feed.toasts.map((toast, index) => toastComponent(toast, feed.stamp + "-" + index));
    return (shown || []).concat(fresh).slice(-MAX_TOASTS);
  };

  pfd.signOut = function (clicks) {
    if (clicks) { window.pfdSession.signOut(); }
  };

  /* In the order of the default, whatever was ticked first. */
  function joinList(list, standard) {
    if (standard === undefined) { return list.join(","); }
    const order = standard.split(",");
    return list.slice().sort((one, other) => order.indexOf(one) - order.indexOf(other)).join(",") || "none";
  }

  /* What the address says of a value: nothing (null) of a default one. */
  function writeValue(value, standard) {
    const text = Array.isArray(value) ? joinList(value, standard) : value;
    if (text === null || text === undefined || text === "") { return null; }
    const usual = standard === undefined ? DEFAULTS.includes(text) : String(text) === standard;
    return usual ? null : String(text);
  }

  /* Pairs of a query parameter and its text, null where the address does not hold it. `kept` is the data of
     the page's address store: the parameters' names in the order of the values, and their defaults. */
  pfd.listQuery = function (values, kept) {
    return kept.names.map((name, index) => [name, writeValue(values[index], kept.defaults[name])]);
  };

  /* Last argument: the data of the page's address store. */
  pfd.keepInUrl = function (...values) {
    const kept = values.pop();
    const address = new URL(window.location.href);
    pfd.listQuery(values, kept).forEach(([name, text]) => {
      if (text === null) { address.searchParams.delete(name); } else { address.searchParams.set(name, text); }
    });
    window.history.replaceState(window.history.state, "", address);
    return noUpdate();
  };

  /* Last argument: the table's id. Its rows are asked for again, from the first. */
  pfd.reloadTable = function (...values) {
    const table = values.pop();
    if (!window.dash_ag_grid) { return; } /* not loaded: the table asks for its rows when it is */
    window.dash_ag_grid.getApiAsync(table).then((grid) => grid.purgeInfiniteCache(), () => undefined);
  };

  /* Menus (details elements): one open at a time, closed by Escape, by a click outside, by going somewhere. */
  function closeMenus(except) {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (menu !== except) { menu.open = false; }
    });
  }
  document.addEventListener("click", (event) => {
    const menu = event.target.closest("details.menu");
    const link = event.target.closest("details.menu a");
    closeMenus(link ? null : menu);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") { return; }
    const open = document.querySelector("details.menu[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
    root.removeAttribute("data-drawer");
  });
})();
