
(function () {
  "use strict";
  var box = document.getElementById("search");
  var said = document.getElementById("found");
  if (!box) { return; }
  box.parentNode.hidden = false;
  var rows = Array.prototype.map.call(document.querySelectorAll("[data-row]"), function (row) {
    return { node: row, text: row.textContent.toLowerCase() };
  });
  var lists = document.querySelectorAll("[data-list]");
  box.addEventListener("input", function () {
    var words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    var found = 0;
    rows.forEach(function (row) {
      var fits = words.every(function (word) { return row.text.indexOf(word) >= 0; });
      row.node.hidden = !fits;
      if (fits) { found++; }
    });
    Array.prototype.forEach.call(lists, function (list) {
      list.hidden = words.length > 0 && !list.querySelector("[data-row]:not([hidden])");
    });
    said.textContent = words.length ? found + " of " + rows.length : "";
  });
})();
