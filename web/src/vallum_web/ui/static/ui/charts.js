// What a chart says of one of its steps: by the slider, or wherever the pointer is. Without scripts each strip has its title.
"use strict";
(() => {
  function read(chart, number) {
    const place = chart.querySelectorAll("[data-middle]")[number];
    const said = place.querySelector("title").textContent;
    const slider = chart.querySelector("input[type=range]");
    slider.value = number;
    slider.setAttribute("aria-valuetext", said);
    chart.querySelector("output").textContent = said;
    chart.querySelector("[data-chart-mark]").setAttribute("d", `M${place.dataset.middle} 0 V120`);
  }

  document.addEventListener("input", (event) => {
    const chart = event.target.closest("[data-chart]");
    if (chart) read(chart, Number(event.target.value));
  });

  document.addEventListener("pointerover", (event) => {
    const place = event.target.closest?.("[data-middle]");
    if (place) read(place.closest("[data-chart]"), [...place.parentElement.querySelectorAll("[data-middle]")].indexOf(place));
  });

  function offer() {
    for (const label of document.querySelectorAll(".chart-read[hidden]")) label.hidden = false;
  }

  document.addEventListener("htmx:load", offer);
  offer();
})();
