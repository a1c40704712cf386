/* The login session. When it ends in mid-form, a dialog signs in again and the page goes on where it was:
   requests that were refused wait for it and are sent once more. */
(function () {
  "use strict";
  const SIGN_IN = "/login";
  const send = window.fetch;
  let waiting = null; // the promise of the dialog that is open
  let isPutOff = false; // closed without signing in: only what the person does opens it again
  let user = null;

  function readConfig() {
    const place = document.getElementById("_dash-config");
    return place ? JSON.parse(place.textContent) : {};
  }

  function readCookie(name) {
    const found = document.cookie.split("; ").find((part) => part.startsWith(name + "="));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }

  function csrfHeaders() {
    const config = readConfig();
    return { [config.csrf_header_name]: readCookie(config.csrf_token_name) };
  }

  function currentUser() {
    const named = document.querySelector("meta[name='pfd-user']");
    return named ? named.content : null;
  }

  async function signOut() {
    await send.call(window, "/logout", { method: "POST", headers: csrfHeaders(), credentials: "same-origin" });
    window.location.assign(SIGN_IN);
  }

  function ask(path, options) {
    const headers = { Accept: "application/json" };
    if (options && options.body) { headers["Content-Type"] = "application/json"; }
    return send.call(window, path, Object.assign({ credentials: "same-origin", headers: headers }, options));
  }

  /* Returns null, or the sentence that says why not. */
  async function signIn(email, password) {
    try {
      const form = await (await ask(SIGN_IN)).json();
      const body = JSON.stringify({ email: email, password: password, form_token: form.form_token });
      const answer = await ask(SIGN_IN, { method: "POST", body: body });
      const told = await answer.json();
      if (!answer.ok) { return told.detail; }
      user = String(told.user_id);
      return null;
    } catch (error) {
      return "The server does not answer. Try again in a moment.";
    }
  }

  function build(tag, props, children) {
    const node = Object.assign(document.createElement(tag), props || {});
    (children || []).forEach((child) => node.append(child));
    return node;
  }

  function buildField(id, label, type, autocomplete) {
    const input = build("input", { id: id, type: type, autocomplete: autocomplete, required: true, className: "form-control" });
    return { input: input, row: build("div", { className: "mb-3" }, [
      build("label", { htmlFor: id, textContent: label, className: "form-label" }), input,
    ]) };
  }

  function buildDialog() {
    const email = buildField("session-email", "E-mail address", "email", "username");
    const password = buildField("session-password", "Password", "password", "current-password");
    const problem = build("p", { id: "session-problem", className: "session-problem" });
    problem.setAttribute("role", "alert");
    const later = build("button", { type: "button", textContent: "Not now", className: "btn btn-light action" });
    const submit = build("button", { type: "submit", textContent: "Sign in", className: "btn btn-primary action" });
    const form = build("form", { method: "dialog" }, [
      email.row, password.row, problem, build("div", { className: "dialog-actions" }, [later, submit]),
    ]);
    const dialog = build("dialog", { id: "session-dialog", className: "session-dialog" }, [
      build("h2", { id: "session-dialog-title", textContent: "Your session has ended" }),
      build("p", { textContent: "Sign in again to go on; nothing you entered is lost." }),
      form,
    ]);
    dialog.setAttribute("aria-labelledby", "session-dialog-title");
    return { dialog, form, later, submit, problem, email: email.input, password: password.input };
  }

  /* Resolves to true once somebody has signed in. */
  function askToSignIn() {
    if (waiting) { return waiting; }
    waiting = new Promise((resolve) => {
      const parts = buildDialog();
      let done = false;
      parts.later.addEventListener("click", () => parts.dialog.close());
      parts.form.addEventListener("submit", async (event) => {
        event.preventDefault();
        parts.submit.disabled = true;
        parts.problem.textContent = "";
        const reason = await signIn(parts.email.value, parts.password.value);
        parts.submit.disabled = false;
        parts.password.value = "";
        if (reason) { parts.problem.textContent = reason; parts.password.focus(); return; }
        done = true;
        parts.dialog.close();
      });
      parts.dialog.addEventListener("close", () => {
        parts.dialog.remove();
        waiting = null;
        isPutOff = !done;
        /* Another person's page must not stay: what it shows was the first one's. */
        if (done && currentUser() && user !== currentUser()) { window.location.reload(); return; }
        resolve(done);
      });
      document.body.append(parts.dialog);
      parts.dialog.showModal();
      parts.email.focus();
    });
    return waiting;
  }

  async function isSessionOver(answer) {
    if (answer.status !== 401 || new URL(answer.url, window.location.href).origin !== window.location.origin) {
      return false;
    }
    try {
      return (await answer.clone().json()).code === "unauthenticated";
    } catch (error) {
      return false;
    }
  }

  function withFreshToken(options) {
    const headers = new Headers((options || {}).headers || {});
    Object.entries(csrfHeaders()).forEach(([name, value]) => headers.set(name, value));
    return Object.assign({}, options, { headers: headers });
  }

  /* Dash takes a 204 as "nothing to update"; at a 401 it stumbles. */
  function putOff(target, answer) {
    return String(target).includes("_dash-update-component") ? new Response(null, { status: 204 }) : answer;
  }

  window.fetch = async function (target, options) {
    const answer = await send.call(this, target, options);
    if (target instanceof Request || !(await isSessionOver(answer))) { return answer; }
    if (isPutOff && window.pfdConnection.isBackground(options)) { return putOff(target, answer); }
    return (await askToSignIn()) ? send.call(this, target, withFreshToken(options)) : putOff(target, answer);
  };

  window.pfdSession = { signOut: signOut, csrfHeaders: csrfHeaders, askToSignIn: askToSignIn };
})();
