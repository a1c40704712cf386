/* Says it when the server does not answer, so that an old page never passes for a true one. The page goes
   on by itself once it is back; what was asked meanwhile and got lost can only be asked again. */
(function () {
  "use strict";
  const send = window.fetch;
  const PATIENCE_MS = 3000;
  const PROBE_EVERY_MS = 1000;
  const PROBE_TIMEOUT_MS = 5000;
  let answeredAt = new Date();
  let isAway = false;
  let isLost = false; // something that no timer asks for again was not answered
  let isLeaving = false;
  let note = null;

  /* A callback that only a timer started: it is asked for again, and soon answered where the server lives. */
  function isBackground(options) {
    try {
      return JSON.parse(options.body).changedPropIds.every((name) => name.endsWith(".n_intervals"));
    } catch (error) {
      return false;
    }
  }

  function build(tag, props, children) {
    const node = Object.assign(document.createElement(tag), props || {});
    (children || []).forEach((child) => node.append(child));
    return node;
  }

  function show(words, action) {
    if (!note) {
      note = build("div", { id: "connection-note", className: "note note-warning connection-note" });
      note.setAttribute("role", "status");
      document.body.append(note);
    }
    const icon = build("i", { className: "bi bi-exclamation-triangle" });
    icon.setAttribute("aria-hidden", "true");
    const text = build("div", { className: "note-words", textContent: words });
    note.replaceChildren(icon, text, ...(action ? [action] : []));
  }

  function hide() {
    if (note) { note.remove(); note = null; }
  }

  function sayAway() {
    show(
      "The server does not answer. What you see is from " + answeredAt.toLocaleTimeString() +
        "; the page goes on by itself once the server is back."
    );
  }

  function sayLost() {
    const reload = build("button", { type: "button", textContent: "Reload", className: "btn btn-light btn-sm action" });
    reload.addEventListener("click", () => window.location.reload());
    show(
      "The server is back, but something this page asked for was not answered. Reload the page, then check " +
        "whether your last click was carried out.",
      reload
    );
  }

  function noteAnswer() {
    answeredAt = new Date();
    if (!isAway) { return; }
    isAway = false;
    if (isLost) { sayLost(); } else { hide(); }
  }

  async function probe() {
    if (!isAway) { return; }
    try {
      await send.call(window, "/health", { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS), cache: "no-store" });
      noteAnswer();
    } catch (error) {
      setTimeout(probe, PROBE_EVERY_MS);
    }
  }

  function noteSilence() {
    if (isAway || isLeaving) { return; }
    isAway = true;
    sayAway();
    setTimeout(probe, PROBE_EVERY_MS);
  }

  window.fetch = async function (target, options) {
    if (!String(target).includes("_dash-")) { return send.call(this, target, options); }
    const isAskedAgain = isBackground(options);
    const timer = isAskedAgain ? setTimeout(noteSilence, PATIENCE_MS) : null;
    try {
      const answer = await send.call(this, target, options);
      noteAnswer();
      return answer;
    } catch (error) {
      isLost = isLost || !(isAskedAgain || isLeaving);
      noteSilence();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };

  window.addEventListener("pagehide", () => { isLeaving = true; });
  window.addEventListener("pageshow", () => { isLeaving = false; });
  window.pfdConnection = { isBackground: isBackground };
})();
