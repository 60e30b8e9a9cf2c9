
(function () {
  "use strict";
  var box = document.getElementById("search");
  var said = document.getElementById("found");
  var rest = document.getElementById("rest"); // of a page that does not hold everybody
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
      if (list.tagName === "DETAILS") {
        list.open = words.length > 0 || list.hasAttribute("data-open");
      }
    });
    if (rest) { rest.hidden = words.length === 0; }
    said.textContent = words.length ? found + " of " + rows.length : "";
  });
})();
