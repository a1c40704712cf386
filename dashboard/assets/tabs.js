/* Tabs: a click or the arrow keys open one; the store beside them learns which. */
(function () {
  "use strict";

  function open(tab) {
    const bar = tab.closest('[role="tablist"]');
    bar.querySelectorAll('[role="tab"]').forEach((each) => {
      const selected = each === tab;
      each.setAttribute("aria-selected", String(selected));
      each.tabIndex = selected ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")).hidden = !selected;
    });
    window.dash_clientside.set_props(bar.dataset.store, { data: tab.dataset.key });
    window.dispatchEvent(new Event("resize"));
  }

  document.addEventListener("click", (event) => {
    const tab = event.target.closest('[data-action="open-tab"]');
    if (tab) { open(tab); }
    const way = event.target.closest('[data-action="go-to-tab"]');
    if (way) {
      const there = document.getElementById(way.dataset.tab);
      open(there);
      there.focus();
      window.scrollTo(0, 0);
    }
  });

  // On a narrow screen the bar scrolls: the open tab is brought into it when a page has come.
  function reveal() {
    document.querySelectorAll('.tab-bar:not([data-revealed])').forEach((bar) => {
      const tab = bar.querySelector('[aria-selected="true"]');
      if (!tab || !bar.clientWidth) { return; }
      bar.dataset.revealed = "";
      if (tab.offsetLeft + tab.offsetWidth > bar.offsetLeft + bar.clientWidth) {
        bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
      }
    });
  }
  new MutationObserver(reveal).observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ["hidden"] });

  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest && event.target.closest('[role="tab"]');
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!tab || !step) { return; }
    const tabs = Array.from(tab.closest('[role="tablist"]').querySelectorAll('[role="tab"]:not(:disabled)'));
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    event.preventDefault();
    next.focus();
    open(next);
  });
})();
