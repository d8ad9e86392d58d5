// deno-lint-ignore-file no-var
// Says why a page stands still. A classic script in old words, since it has to run where modules do not; where they do,
// it says nothing. The results stand on the page either way.
addEventListener("load", function () {
  var ran = document.documentElement.dataset, opened = location.protocol === "file:";
  var serve = "make serve" + (location.pathname.indexOf("/_build/teach/") < 0 ? "" : " TEACH=1");
  var old = !("noModule" in document.createElement("script"));
  var why = opened
    ? [
      "Opened from the file system, a page cannot run its controls. Run ",
      serve,
      " and open the address that it prints. ",
    ]
    : old
    ? ["This browser is too old for the controls of this page. "]
    : ["The controls of this page could not be loaded. Loading it again may help. "];
  var said = false;
  function note(box, rest) {
    var line = document.createElement("p");
    line.className = "lab-note";
    (said ? ["The controls are missing here too. "] : why).concat(rest).forEach(function (text) {
      var part = document.createElement(text === serve ? "code" : "span");
      part.textContent = text;
      line.appendChild(part);
    });
    box.insertBefore(line, box.firstChild);
    said = true;
  }
  function all(boxes, rest) {
    Array.prototype.forEach.call(document.querySelectorAll(boxes), function (box) {
      note(box, rest);
    });
  }
  if (!ran.panels) all(".lab-panel", "These are the recorded figures.");
  if (!ran.parts) all(".quiz, .exercises", "The answers are below the questions.");
  var rest = document.querySelector(".guess[data-guess], .race");
  if (!ran.parts && rest && !said) note(rest, "Everything can be read without them.");
});
