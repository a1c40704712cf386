/* Files from this computer: streamed to POST /api/v1/uploads, one after the other, never through a callback.

   A zone is an element with data-upload-store (id of a dcc.Store) and data-upload-status (id of a text);
   data-upload-many lets it take several files, data-upload-accept names their endings. After each batch the
   store holds {uploads: [{upload_id, file_name, n_bytes}], failed: [{file_name, sentence}], stamp}. */
(function () {
  "use strict";
  const ADDRESS = "/api/v1/uploads";
  const running = new Map();

  function setProps(id, props) {
    window.dash_clientside.set_props(id, props);
  }

  function say(zone, text) {
    setProps(zone.dataset.uploadStatus, { children: text });
  }

  function readableSize(nBytes) {
    return nBytes < 1e6 ? Math.ceil(nBytes / 1e3) + " kB" : (nBytes / 1e6).toFixed(1) + " MB";
  }

  function readAnswer(request) {
    try { return JSON.parse(request.responseText); } catch { return {}; }
  }

  function send(file, request, onProgress) {
    return new Promise((resolve) => {
      const form = new FormData();
      form.append("file", file, file.webkitRelativePath || file.name);
      request.open("POST", ADDRESS);
      Object.entries(window.pfdSession.csrfHeaders()).forEach(([name, value]) => request.setRequestHeader(name, value));
      request.setRequestHeader("Accept", "application/json");
      request.upload.onprogress = (event) => onProgress(event.lengthComputable ? event.loaded / event.total : 0);
      const fail = (sentence) => resolve({ sentence: sentence });
      request.onerror = () => fail("The server can't be reached. Try again.");
      request.onabort = () => fail("Cancelled.");
      request.onload = () => {
        const answer = readAnswer(request);
        if (request.status < 300 && answer.upload_id) { resolve({ upload: answer }); return; }
        /* An ended session is shown as everywhere else: session.js looks at what fetch gets. */
        if (request.status === 401) { window.fetch("/api/v1/me"); }
        fail(answer.detail || "The file was refused (" + request.status + ").");
      };
      request.send(form);
    });
  }

  async function upload(zone, files) {
    const store = zone.dataset.uploadStore;
    if (!files.length || running.has(store)) { return; }
    const batch = { cancelled: false, request: null };
    running.set(store, batch);
    zone.setAttribute("data-busy", "true");
    const done = [];
    const failed = [];
    for (const [index, file] of files.entries()) {
      if (batch.cancelled) { break; }
      const place = files.length > 1 ? " (" + (index + 1) + " of " + files.length + ")" : "";
      const words = "Uploading " + file.name + place + ", " + readableSize(file.size);
      say(zone, words);
      batch.request = new XMLHttpRequest();
      const answer = await send(file, batch.request, (share) => say(zone, words + ": " + Math.floor(100 * share) + " %"));
      if (answer.upload) { done.push(answer.upload); } else { failed.push({ file_name: file.name, sentence: answer.sentence }); }
    }
    running.delete(store);
    zone.removeAttribute("data-busy");
    const problems = failed.map((each) => each.file_name + ": " + each.sentence);
    say(zone, problems.length ? problems.join(" ") : "");
    setProps(store, { data: { uploads: done, failed: failed, stamp: Date.now() } });
  }

  function choose(zone) {
    const input = Object.assign(document.createElement("input"), {
      type: "file", multiple: zone.hasAttribute("data-upload-many"), accept: zone.dataset.uploadAccept || "",
    });
    input.addEventListener("change", () => upload(zone, [...input.files]));
    input.click();
  }

  function findZone(event) {
    return event.target.closest && event.target.closest("[data-upload-store]");
  }

  document.addEventListener("click", (event) => {
    const zone = findZone(event);
    const button = zone && event.target.closest("[data-action]");
    if (!button) { return; }
    if (button.dataset.action === "choose-files") { choose(zone); }
    const batch = running.get(zone.dataset.uploadStore);
    if (button.dataset.action === "cancel-upload" && batch) { batch.cancelled = true; batch.request.abort(); }
  });
  ["dragover", "dragleave", "drop"].forEach((kind) => {
    document.addEventListener(kind, (event) => {
      const zone = findZone(event);
      if (!zone || !event.dataTransfer || ![...event.dataTransfer.types].includes("Files")) { return; }
      event.preventDefault();
      zone.toggleAttribute("data-over", kind === "dragover");
      if (kind !== "drop") { return; }
      const files = [...event.dataTransfer.files];
      upload(zone, zone.hasAttribute("data-upload-many") ? files : files.slice(0, 1));
    });
  });
})();
