/* Narrows a page's entries to the rows that hold every word typed. No network, no clock, no inline script. */
(function () {
  "use strict";
  var field = document.getElementById("search");
  var result = document.getElementById("search-result");
  var entries = all(document, "details.entry").map(function (entry) {
    return {
      element: entry,
      name: words(entry.querySelector("summary").textContent),
      rows: all(entry, "tbody tr").map(function (row) { return { element: row, text: words(row.textContent) }; })
    };
  });
  var sections = all(document, "section").filter(function (section) { return section.querySelector("details.entry"); });

  function all(within, selector) { return Array.prototype.slice.call(within.querySelectorAll(selector)); }

  // cycle_time is found by "cycle time" and the other way round.
  function words(text) { return text.toLowerCase().replace(/[_\s]+/g, " ").trim(); }

  function counted(n, noun) { return n + " " + noun + (n === 1 ? "" : "s"); }

  function narrow() {
    var typed = words(field.value).split(" ").filter(Boolean);
    var has = function (text) { return typed.every(function (word) { return text.indexOf(word) >= 0; }); };
    var nRows = 0, nEntries = 0;
    entries.forEach(function (entry) {
      var isNamed = has(entry.name);
      var found = entry.rows.filter(function (row) {
        var isShown = isNamed || has(entry.name + " " + row.text);
        row.element.hidden = !isShown;
        return isShown;
      });
      entry.element.hidden = !found.length;
      // A table that is only named is listed; one in which columns were found shows them.
      entry.element.open = typed.length > 0 && !isNamed && found.length > 0;
      nRows += found.length;
      nEntries += found.length ? 1 : 0;
    });
    sections.forEach(function (section) { section.hidden = !section.querySelector("details.entry:not([hidden])"); });
    result.textContent = !typed.length ? "" : nRows
      ? counted(nRows, "column") + " in " + counted(nEntries, "table")
      : "Nothing has all these words.";
  }

  function showNamed() {
    var named = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (named && named.matches("details.entry")) {
      named.open = true;
      named.scrollIntoView();
    }
  }

  field.closest(".search").hidden = false;
  field.addEventListener("input", narrow);
  window.addEventListener("hashchange", showNamed);
  narrow();
  showNamed();

  // On paper nothing can be opened, so all that is listed is printed with its columns.
  var closed = [];
  window.addEventListener("beforeprint", function () {
    closed = entries.filter(function (entry) { return !entry.element.open; });
    closed.forEach(function (entry) { entry.element.open = true; });
  });
  window.addEventListener("afterprint", function () {
    closed.forEach(function (entry) { entry.element.open = false; });
  });
})();
