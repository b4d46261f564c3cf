// What every page needs beyond htmx: failures said in place, menus that close, a panel that closes, copy buttons.
"use strict";
(() => {
  const notice = () => document.getElementById("notice");

  // The only cookies are the session's and CSRF's, and nothing is stored here: htmx would keep the current path.
  const forget = () => sessionStorage.removeItem("htmx-current-path-for-history");

  function say(text) {
    const place = notice();
    if (!place) return;
    place.querySelector("[data-text]").textContent = text;
    place.hidden = false;
  }

  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    say(
      status === 404
        ? "This is no longer here, or no longer yours. Reload the page to see what is."
        : `The server answered ${status}, so the last action may not have been saved. Reload the page to see what is.`,
    );
  });
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, () => say("The server cannot be reached. Nothing more is saved until it answers again."));
  }

  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful && notice()) notice().hidden = true;
    forget();
  });

  // A whole page in answer to a request for a part (signed out meanwhile, say) is shown as a page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    if (target !== document.body && /^\s*<!doctype/i.test(xhr.responseText)) {
      event.detail.shouldSwap = false;
      location.assign(xhr.responseURL);
    }
  });

  // A list's address holds what was chosen and nothing empty.
  document.addEventListener("htmx:configRequest", (event) => {
    const { formData, verb } = event.detail;
    if (verb !== "get") return;
    for (const [name, value] of [...formData.entries()]) if (value === "") formData.delete(name);
  });

  // Another list in the address bar: what was open beside the old one is no longer what the address says.
  document.addEventListener("htmx:afterSwap", (event) => {
    const { elt, target, requestConfig } = event.detail;
    const panel = document.getElementById("panel");
    if (!panel || panel.contains(target) || requestConfig?.verb !== "get") return;
    if (elt.closest("[hx-push-url]")?.getAttribute("hx-push-url") === "true") panel.replaceChildren();
  });

  function closePanel(link) {
    const panel = link.closest("#panel");
    const row = document.querySelector("[data-row][data-current], [data-row][aria-current]");
    history.replaceState({ htmx: true }, "");
    history.pushState({ htmx: true }, "", link.href);
    panel.replaceChildren();
    for (const open of document.querySelectorAll("[data-row][aria-current]")) open.removeAttribute("aria-current");
    row?.querySelector("[data-open], a[href]")?.focus();
  }

  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    button.setAttribute("data-done", "");
    setTimeout(() => button.removeAttribute("data-done"), 2000);
  }

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]:not(.menu-button)")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    const copier = event.target.closest("[data-copy]");
    if (copier) copy(copier);
    const close = event.target.closest("#panel [data-close]");
    if (close && !event.ctrlKey && !event.metaKey && !event.shiftKey && document.querySelector("[data-rows]")) {
      event.preventDefault();
      closePanel(close);
    }
  });

  // The server knows no zone but UTC: on hover, the exact time is the reader's own.
  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  document.addEventListener("mouseover", (event) => {
    const time = event.target.closest("time[datetime*=T]");
    if (time) time.title = exact.format(new Date(time.dateTime));
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = [...document.querySelectorAll("details.menu[open]")].at(-1); // the innermost
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
    event.preventDefault();
  });

  for (const name of ["htmx:load", "htmx:historyRestore"]) document.addEventListener(name, forget);
  addEventListener("pagehide", forget);
})();
