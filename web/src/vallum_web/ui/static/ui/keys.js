// Lists driven from the keyboard. Markup decides: data-rows holds data-row; data-open is a row's link;
// data-key="s" is pressed by "s" (a text field is given the focus), in the current row first, then in the panel, then outside of rows.
"use strict";
(() => {
  const root = document.documentElement;
  const panel = () => document.getElementById("panel");
  const help = () => document.getElementById("keys");
  const visible = (element) => element.getClientRects().length > 0;
  const rows = () => [...document.querySelectorAll("[data-rows] [data-row]")].filter(visible);
  const link = (row) => row?.querySelector("[data-open], a[href]");
  let last = { id: "", index: -1 }; // where the reader was, for when a swap takes the row away

  const current = () =>
    document.activeElement?.closest("[data-row]") ??
    document.querySelector("[data-row][data-current]") ??
    document.querySelector("[data-row][aria-current]");

  function mark(row) {
    for (const other of document.querySelectorAll("[data-row][data-current]")) {
      if (other !== row) other.removeAttribute("data-current");
    }
    row.setAttribute("data-current", "");
    last = { id: row.id, index: rows().indexOf(row) };
  }

  function go(row) {
    link(row)?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  }

  function move(step) {
    const all = rows();
    const at = all.indexOf(current());
    go(all[at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)]);
    return all.length > 0;
  }

  function press(key) {
    const wanted = `[data-key="${CSS.escape(key)}"]:not(:disabled)`;
    const loose = () => [...document.querySelectorAll(wanted)].find((found) => !found.closest("[data-row], #panel"));
    const inside = (place) => place?.querySelector(wanted);
    const near = panel()?.contains(document.activeElement) ? [panel(), current()] : [current(), panel()];
    const found = inside(near[0]) ?? inside(near[1]) ?? loose();
    if (found?.matches("textarea, input:not([type=checkbox])")) found.focus();
    else found?.click();
    return Boolean(found);
  }

  function show(on) {
    if (!help()) return false;
    help().hidden = !on;
    for (const button of document.querySelectorAll("[data-show=keys]")) button.setAttribute("aria-expanded", String(on));
    return true;
  }

  function leave() {
    if (help() && !help().hidden) return show(false);
    const close = panel()?.querySelector("[data-close]");
    close?.click();
    return Boolean(close);
  }

  function search() {
    const field = document.querySelector("[data-search]");
    field?.focus();
    field?.select();
    return Boolean(field);
  }

  const actions = {
    j: () => move(1),
    k: () => move(-1),
    "/": search,
    "?": () => show(help()?.hidden),
    Escape: leave,
    // A focused link opens by itself; this is for a row that is current while the focus is elsewhere.
    Enter: () => document.activeElement === document.body && (link(current())?.click(), true),
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const typing = event.target.closest("input, select, textarea, [contenteditable]");
    if (typing && event.key === "Escape") {
      typing.blur();
      event.preventDefault(); // a search field would empty itself
    }
    // Single-letter shortcuts can be switched off (WCAG 2.1.4); Escape stays.
    if (typing || (root.dataset.keys === "off" && event.key !== "Escape")) return;
    const done = actions[event.key]?.() || (/^[a-z]$/.test(event.key) && !event.repeat && press(event.key));
    if (done) event.preventDefault();
  });

  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-rows] [data-row]");
    if (row) mark(row);
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-show=keys]")) show(help()?.hidden);
  });

  // After a swap the focus may have gone with its row: give it to the same row, or to the one now in its place.
  document.addEventListener("htmx:afterSettle", () => {
    if (document.activeElement !== document.body || last.index < 0) return;
    const all = rows();
    const row = all.find((found) => found.id && found.id === last.id) ?? all[Math.min(last.index, all.length - 1)];
    if (row) go(row);
  });
})();
