// SPDX-License-Identifier: Apache-2.0
// The keyboard of the reading room: everything here can also be done with forms and links.
"use strict";

const findings = [...document.querySelectorAll("article.finding")];
let chosen = -1;

function choose(at, focus = true) {
  if (!findings.length) return;
  chosen = Math.max(0, Math.min(findings.length - 1, at));
  const one = findings[chosen];
  for (const other of findings) other.classList.toggle("on", other === one);
  let first = null;
  for (const mark of document.querySelectorAll("mark[data-f]")) {
    const on = mark.dataset.f.split(" ").includes(one.dataset.number);
    mark.classList.toggle("on", on);
    if (on && !first) first = mark;
  }
  if (focus) one.focus({ preventScroll: true });
  one.scrollIntoView({ block: "nearest" });
  if (first) first.scrollIntoView({ block: "center" });
}

function press(key) {
  const one = findings[chosen];
  if (!one) return false;
  const what = one.querySelector(`[data-key="${key}"]`);
  if (!what) return false;
  what.click();
  if (key === "e") {
    const field = one.querySelector("details[open] input, details[open] select");
    if (field) field.focus();
  }
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select")) {
    if (event.key === "Escape" && chosen >= 0) { event.target.blur(); choose(chosen); }
    return;
  }
  if (event.key === "j") choose(chosen + 1);
  else if (event.key === "k") choose(chosen - 1);
  else if (!("ynue".includes(event.key) && event.key.length === 1 && press(event.key))) return;
  event.preventDefault();
});

for (const mark of document.querySelectorAll("mark[data-f]")) {
  mark.addEventListener("click", () => {
    const number = mark.dataset.f.split(" ")[0];
    choose(findings.findIndex((one) => one.dataset.number === number));
  });
}

if (findings.length) {
  const asked = findings.findIndex((one) => "#" + one.id === location.hash);
  choose(asked >= 0 ? asked : findings.findIndex((one) => one.classList.contains("proposed")), false);
}
