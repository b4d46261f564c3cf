// Rows are ticked for an action on many: the count is shown, and all that match is an answer of its own.
"use strict";
(() => {
  const picks = () => [...document.querySelectorAll("[data-pick]")].filter((box) => box.getClientRects().length > 0);

  function count() {
    const shown = document.querySelector("[data-picked]");
    if (shown) shown.textContent = String(picks().filter((box) => box.checked).length);
    const bar = shown?.closest("form");
    const all = Boolean(bar?.querySelector("[data-pick-match]:checked"));
    bar?.toggleAttribute("data-active", all || picks().some((box) => box.checked));
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-all]")) for (const box of picks()) box.checked = event.target.checked;
    if (event.target.matches("[data-pick], [data-pick-all], [data-pick-match]")) count();
  });
})();
