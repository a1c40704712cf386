/* Cells of tables. React escapes what they show: names with markup stay text. */
(function () {
  "use strict";
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const make = (...args) => window.React.createElement(...args);

  /* A link that stays in the app: Dash's router listens to this event. */
  function go(event, href) {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) { return; }
    event.preventDefault();
    window.history.pushState({}, "", href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  cells.PfdLink = function (props) {
    if (!props.data || !props.data.href) { return make("span", null, props.value); }
    const link = make("a", { href: props.data.href, onClick: (event) => go(event, props.data.href) }, props.value);
    if (!props.data.tag) { return link; }
    return make("span", { className: "cell-row" }, link, make("span", { className: "tag tag-neutral" }, props.data.tag));
  };

  /* What a table without rows shows: the empty state of all pages. */
  cells.PfdNothing = function (props) {
    return make("div", { className: "state state-empty" },
      make("i", { className: "bi bi-search state-icon", "aria-hidden": "true" }),
      make("p", { className: "state-title" }, props.title), make("p", null, props.why));
  };

  cells.PfdClass = function (props) {
    if (!props.data) { return null; }
    if (!props.value && props.data.no_class) { return make("span", { className: "muted" }, props.data.no_class); }
    const words = props.value ? String(props.value).replaceAll("_", " ") : "unlabelled";
    const dot = make("span", { className: "class-dot", style: { background: props.data.class_colour } });
    return make("span", { className: "class-badge" }, dot, words);
  };

  cells.PfdClasses = function (props) {
    if (!props.data) { return null; }
    const badges = props.data.class_list.map((each) => make("span", { className: "class-badge", key: each.words },
      make("span", { className: "class-dot", style: { background: each.colour } }), each.words,
      make("span", { className: "class-count" }, each.count)));
    const rest = props.data.n_more_classes;
    const more = rest ? make("span", { className: "muted" }, "and " + rest + " more") : null;
    return make("span", { className: "cell-row cell-classes" }, ...badges, more);
  };

  const TONES = { running: "info", paused: "warning", done: "success", failed: "danger", dead: "danger" };
  cells.PfdState = function (props) {
    if (!props.value) { return null; }
    return make("span", { className: "tag tag-" + (TONES[props.value] || "neutral") }, props.value);
  };
})();
