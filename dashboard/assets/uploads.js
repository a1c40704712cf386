/* Files from this computer: streamed to POST /api/v1/uploads, one after the other, never through a callback.

   A zone is an element with data-upload-store (id of a dcc.Store) and data-upload-status (id of a text);
   data-upload-many lets it take several files and folders, data-upload-accept names their endings, and
   data-upload-tables keeps metadata tables among them aside. After each batch the store holds
   {uploads: [{upload_id, file_name, n_bytes, sha256}], failed: [{file_name, sentence}],
   left_out: [file_name], tables: [{file_name, text}], stamp}. */
(function () {
  "use strict";
  const ADDRESS = "/api/v1/uploads";
  const TELL_MS = 150;
  const MOST_NAMED = 6;
  const MAX_TABLE_BYTES = 2e6;
  const TABLE_COLUMNS = ["variable", "channel", "sample_rate_hz", "shaft_speed_rpm", "fault_class", "bearing", "machine", "load"];
  /* Answers after which no further file has a chance. */
  const FINAL_CODES = ["quota_exceeded", "storage_full", "forbidden"];
  const running = new Map();
  const failures = new Map();
  /* The metadata tables of a zone, until others come: recordings may well be chosen after their table. */
  const tables = new WeakMap();

  function setProps(id, props) {
    window.dash_clientside.set_props(id, props);
  }

  const make = (type, props) => ({ namespace: "dash_html_components", type: type, props: props });

  function readableSize(nBytes) {
    return nBytes < 1e6 ? Math.ceil(nBytes / 1e3) + " kB" : (nBytes / 1e6).toFixed(1) + " MB";
  }

  function nameSome(names) {
    const rest = names.length - MOST_NAMED;
    return names.slice(0, MOST_NAMED).join(", ") + (rest > 0 ? " and " + rest + " more" : "");
  }

  const nameOf = (item) => item.path || item.file.webkitRelativePath || item.file.name;

  /* What the person sees */

  function buildMeter(label, share) {
    const percent = Math.floor(100 * Math.min(share, 1));
    const fill = make("Div", { className: "meter-fill", style: { width: percent + "%" } });
    const bar = make("Div", {
      className: "meter", role: "progressbar", children: fill,
      "aria-label": label, "aria-valuenow": String(percent), "aria-valuemin": "0", "aria-valuemax": "100",
    });
    const words = make("Span", { className: "meter-words", children: label + " · " + percent + " %" });
    return make("Div", { className: "upload-meter", children: [bar, words] });
  }

  function showProgress(batch, loaded) {
    const item = batch.items[batch.index];
    const parts = [buildMeter(nameOf(item) + ", " + readableSize(item.file.size), loaded / Math.max(item.file.size, 1))];
    if (batch.items.length > 1) {
      const total = batch.items.reduce((sum, each) => sum + each.file.size, 0);
      const sent = batch.sent + Math.min(loaded, item.file.size);
      const words = "File " + (batch.index + 1) + " of " + batch.items.length + ", " + readableSize(sent) + " of " + readableSize(total);
      parts.push(buildMeter(words, sent / Math.max(total, 1)));
    }
    setProps(batch.zone.dataset.uploadStatus, { children: parts });
  }

  function showOutcome(zone, outcome) {
    const parts = [];
    const failed = outcome.failed;
    if (failed.length) {
      const lines = failed.slice(0, MOST_NAMED).map((each) => make("Li", {
        children: [make("Strong", { children: each.file_name }), " " + each.sentence],
      }));
      const rest = failed.length - lines.length;
      if (rest > 0) { lines.push(make("Li", { children: "and " + rest + " more files" })); }
      parts.push(make("Ul", { className: "upload-failures", children: lines }));
      parts.push(make("Button", {
        type: "button", className: "btn btn-light btn-sm action", "data-action": "retry-upload",
        children: failed.length === 1 ? "Try this file again" : "Try these " + failed.length + " files again",
      }));
    }
    if (outcome.left_out.length) {
      const endings = zone.dataset.uploadAccept.replaceAll(",", " ");
      parts.push(make("P", {
        className: "upload-left-out",
        children: "Left out, since only " + endings + " files can be read: " + nameSome(outcome.left_out) + ".",
      }));
    }
    if (outcome.tables.length && !outcome.uploads.length) {
      const last = outcome.tables[outcome.tables.length - 1].file_name;
      parts.push(make("P", {
        className: "upload-left-out",
        children: last + " looks like a table about recordings: use it below, as soon as their files are here.",
      }));
    }
    setProps(zone.dataset.uploadStatus, { children: parts });
  }

  /* One file */

  function readAnswer(request) {
    try { return JSON.parse(request.responseText); } catch { return {}; }
  }

  function send(item, batch) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      const form = new FormData();
      let told = 0;
      batch.request = request;
      form.append("file", item.file, nameOf(item));
      request.open("POST", ADDRESS);
      Object.entries(window.pfdSession.csrfHeaders()).forEach(([name, value]) => request.setRequestHeader(name, value));
      request.setRequestHeader("Accept", "application/json");
      request.upload.onprogress = (event) => {
        if (performance.now() - told < TELL_MS) { return; }
        told = performance.now();
        showProgress(batch, event.loaded);
      };
      request.onerror = () => resolve({
        status: 0, sentence: "The connection broke off before the file had arrived. The server may be away, or the file too large.",
      });
      request.onabort = () => resolve({ status: 0, sentence: "Cancelled; nothing of it was kept." });
      request.onload = () => {
        const answer = readAnswer(request);
        if (request.status < 300 && answer.upload_id) { resolve({ upload: answer }); return; }
        const sentence = answer.detail || "The server refused the file (" + request.status + ").";
        resolve({ status: request.status, code: answer.code, sentence: sentence });
      };
      request.send(form);
    });
  }

  /* An ended session: sign in again in the dialog, then this file once more. */
  async function sendSignedIn(item, batch) {
    const answer = await send(item, batch);
    if (answer.status !== 401 || batch.cancelled) { return answer; }
    if (await window.pfdSession.askToSignIn()) { return send(item, batch); }
    return { ...answer, code: "forbidden", sentence: "Your session has ended. Sign in, then try again." };
  }

  /* A batch */

  async function takeTable(item) {
    if (!/\.(csv|txt|tsv)$/i.test(item.file.name) || item.file.size > MAX_TABLE_BYTES) { return null; }
    const head = (await item.file.slice(0, 4096).text()).replace(/^\ufeff/, "").split(/\r?\n/, 1)[0];
    const names = head.split(/[,;\t]/).map((name) => name.trim().replaceAll('"', "").toLowerCase());
    const isTable = names.includes("file") && TABLE_COLUMNS.some((column) => names.includes(column));
    return isTable ? { file_name: nameOf(item), text: await item.file.text() } : null;
  }

  function isReadable(zone, item) {
    const endings = (zone.dataset.uploadAccept || "").split(",").filter(Boolean);
    const name = item.file.name.toLowerCase();
    return !name.startsWith(".") && (!endings.length || endings.some((ending) => name.endsWith(ending)));
  }

  async function sortOut(zone, items) {
    const outcome = { uploads: [], failed: [], left_out: [], tables: [] };
    const readable = [];
    for (const item of items) {
      if (!isReadable(zone, item)) { outcome.left_out.push(nameOf(item)); continue; }
      const table = zone.hasAttribute("data-upload-tables") ? await takeTable(item) : null;
      if (table) { outcome.tables.push(table); } else { readable.push(item); }
    }
    if (outcome.tables.length) { tables.set(zone, outcome.tables); }
    outcome.tables = tables.get(zone) || [];
    return { outcome: outcome, readable: readable };
  }

  async function upload(zone, items) {
    const store = zone.dataset.uploadStore;
    const busy = running.get(store);
    if (!items.length) { return; }
    if (busy) { busy.later.push(...items); return; }
    const batch = { zone: zone, items: [], index: 0, sent: 0, cancelled: false, request: null, later: [] };
    running.set(store, batch);
    zone.setAttribute("data-busy", "true");
    const sorted = await sortOut(zone, items);
    batch.items = sorted.readable.sort((one, other) => nameOf(one).localeCompare(nameOf(other), "en", { numeric: true }));
    const again = await sendAll(batch, sorted.outcome);
    failures.set(store, again);
    running.delete(store);
    zone.removeAttribute("data-busy");
    if (!zone.isConnected) { return; }
    showOutcome(zone, sorted.outcome);
    setProps(store, { data: { ...sorted.outcome, stamp: Date.now() } });
    upload(zone, batch.later);
  }

  /* Returns the items that did not arrive, to be tried again. */
  async function sendAll(batch, outcome) {
    const again = [];
    let last = null;
    const fail = (item, sentence) => {
      again.push(item);
      outcome.failed.push({ file_name: nameOf(item), sentence: sentence });
    };
    for (const [index, item] of batch.items.entries()) {
      batch.index = index;
      if (!batch.zone.isConnected) { batch.cancelled = true; }
      if (batch.cancelled) { fail(item, "Cancelled; it was not sent."); continue; }
      if (last) { fail(item, "Not sent. " + last); continue; }
      showProgress(batch, 0);
      const answer = await sendSignedIn(item, batch);
      batch.sent += item.file.size;
      if (answer.upload) { outcome.uploads.push(answer.upload); continue; }
      fail(item, answer.sentence);
      if (FINAL_CODES.includes(answer.code)) { last = answer.sentence; }
    }
    return again;
  }

  /* Choosing and dropping */

  function choose(zone, isFolder) {
    const input = Object.assign(document.createElement("input"), {
      type: "file", multiple: zone.hasAttribute("data-upload-many"), accept: zone.dataset.uploadAccept || "", webkitdirectory: isFolder,
    });
    input.addEventListener("change", () => upload(zone, [...input.files].map((file) => ({ file: file }))));
    input.click();
  }

  function readEntries(reader) {
    return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
  }

  async function walk(entry, items) {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      items.push({ file: file, path: entry.fullPath.replace(/^\//, "") });
      return;
    }
    const reader = entry.createReader();
    for (let some = await readEntries(reader); some.length; some = await readEntries(reader)) {
      for (const each of some) { await walk(each, items); }
    }
  }

  async function drop(zone, transfer) {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
    const files = [...transfer.files].map((file) => ({ file: file }));
    if (!zone.hasAttribute("data-upload-many")) { upload(zone, files.slice(0, 1)); return; }
    const items = [];
    for (const entry of entries) { await walk(entry, items); }
    upload(zone, entries.length ? items : files);
  }

  function findZone(event) {
    return event.target.closest && event.target.closest("[data-upload-store]");
  }

  document.addEventListener("click", (event) => {
    const zone = findZone(event);
    const button = zone && event.target.closest("[data-action]");
    if (!button) { return; }
    const store = zone.dataset.uploadStore;
    const batch = running.get(store);
    const action = button.dataset.action;
    if (action === "choose-files" || action === "choose-folder") { choose(zone, action === "choose-folder"); }
    if (action === "cancel-upload" && batch) { batch.cancelled = true; batch.later = []; batch.request && batch.request.abort(); }
    if (action === "retry-upload") { upload(zone, failures.get(store) || []); }
  });
  ["dragover", "dragleave", "drop"].forEach((kind) => {
    document.addEventListener(kind, (event) => {
      const zone = findZone(event);
      if (!zone || !event.dataTransfer || ![...event.dataTransfer.types].includes("Files")) { return; }
      event.preventDefault();
      zone.toggleAttribute("data-over", kind === "dragover");
      if (kind === "drop") { drop(zone, event.dataTransfer); }
    });
  });
  window.addEventListener("beforeunload", (event) => {
    if (running.size) { event.preventDefault(); }
  });
})();
