// A line that opens in place: [data-unfold] asks for what is within (htmx), and puts it away again without asking.
"use strict";
(() => {
  document.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest("[data-unfold][aria-expanded=true]");
      if (!button) return;
      event.stopPropagation(); // before htmx asks again
      button.setAttribute("aria-expanded", "false");
      document.getElementById(button.getAttribute("aria-controls"))?.replaceChildren();
    },
    true,
  );

  document.addEventListener("htmx:afterSwap", (event) => {
    const { requestConfig } = event.detail;
    if (requestConfig?.elt.matches("[data-unfold]")) requestConfig.elt.setAttribute("aria-expanded", "true");
  });
})();
