// A password can be looked at while it is typed. Without scripts the button stays hidden: it could do nothing.
"use strict";
(() => {
  function offer() {
    for (const button of document.querySelectorAll("[data-reveal][hidden]")) button.hidden = false;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-reveal]");
    if (!button) return;
    const field = button.parentElement.querySelector("input");
    const show = field.type === "password";
    field.type = show ? "text" : "password";
    button.setAttribute("aria-pressed", show);
    field.focus();
  });

  // What is shown is not what a browser should remember as text.
  document.addEventListener("submit", (event) => {
    for (const field of event.target.querySelectorAll(".secret > input")) field.type = "password";
  });

  document.addEventListener("htmx:load", offer);
  offer();
})();
