/* Copies the code beside a button; where the browser forbids it, the code is selected for Ctrl+C. */
(function () {
  "use strict";
  const SHOWN_MS = 1800;

  function select(code) {
    const range = document.createRange();
    range.selectNodeContents(code);
    window.getSelection().removeAllRanges();
    window.getSelection().addRange(range);
  }

  function say(button, word) {
    const label = button.querySelector("span");
    const before = button.dataset.label || label.textContent;
    button.dataset.label = before;
    label.textContent = word;
    setTimeout(() => { label.textContent = before; }, SHOWN_MS);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest('[data-action="copy-text"]');
    if (!button) { return; }
    const code = button.parentElement.querySelector("code");
    const copying = navigator.clipboard ? navigator.clipboard.writeText(code.textContent) : Promise.reject();
    copying.then(() => say(button, "Copied"), () => { select(code); say(button, "Press Ctrl+C"); });
  });
})();
