/* Draws each figure of the page from the data block beside it. No network, no clock, no inline script. */
(function () {
  "use strict";
  var config = { displayModeBar: false, responsive: true };
  // A4 less the margins of the print style sheet, in CSS pixels.
  var printWidth = 670;
  var charts = Array.prototype.slice.call(document.querySelectorAll(".chart[data-figure]"));

  charts.forEach(function (holder) {
    var figure = JSON.parse(document.getElementById(holder.getAttribute("data-figure")).textContent);
    Plotly.newPlot(holder, figure.data, figure.layout, config);
  });

  window.addEventListener("beforeprint", function () {
    charts.forEach(function (holder) { Plotly.relayout(holder, { width: printWidth }); });
  });

  window.addEventListener("afterprint", function () {
    charts.forEach(function (holder) { Plotly.relayout(holder, { width: null, autosize: true }); });
  });
})();
