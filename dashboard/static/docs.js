/* The REST interface's pages: requests that are tried here go out in the name of whoever is signed in. */
(function () {
  "use strict";
  const place = document.getElementById("docs");

  function csrfToken() {
    const found = document.cookie.split("; ").find((part) => part.startsWith("pfd_csrf="));
    return found ? decodeURIComponent(found.slice("pfd_csrf=".length)) : "";
  }

  window.SwaggerUIBundle({
    url: place.dataset.spec,
    domNode: place,
    deepLinking: true,
    validatorUrl: null,
    requestInterceptor: function (request) {
      request.headers["X-CSRF-Token"] = csrfToken();
      return request;
    },
  });
})();
