// SPDX-License-Identifier: Apache-2.0
// What WCAG 2.2 AA asks for and a program can see: names for all that can be operated, one first heading, order of
// headings, no double ids, contrast of every text, size of targets that are not links in a text. Gives what is wrong.
() => {
  const wrong = [];
  const shown = (e) => e.getClientRects().length && getComputedStyle(e).visibility !== "hidden" && !e.closest(".sr, .skip");
  const named = (e) => (e.labels && e.labels.length) || e.getAttribute("aria-label") || e.textContent.trim() || e.title;
  for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a[href]"))
    if (!named(e)) wrong.push("no name: " + e.outerHTML.slice(0, 80));
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
  let last = 0;
  for (const h of document.querySelectorAll("main h1, main h2, main h3")) {
    const level = Number(h.tagName[1]);
    if (level > last + 1) wrong.push("heading skips to " + h.outerHTML.slice(0, 60));
    last = level;
  }
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of new Set(ids)) if (ids.filter((x) => x === id).length > 1) wrong.push("twice: #" + id);
  const part = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const light = (c) => 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
  const color = (text) => text.match(/[\d.]+/g).map(Number);
  const ground = (e) => { for (; e; e = e.parentElement) { const c = color(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const e = node.parentElement;
    if (!node.textContent.trim() || !shown(e) || e.closest("script, option, datalist")) continue;
    const [a, b] = [light(color(getComputedStyle(e).color)), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) wrong.push("contrast " + ratio.toFixed(1) + ": " + node.textContent.trim().slice(0, 40));
  }
  for (const e of document.querySelectorAll("button, .button, select, input:not([type=hidden]):not([type=radio]):not([type=checkbox])"))
    if (shown(e) && e.getBoundingClientRect().height < 36) wrong.push("small: " + e.outerHTML.slice(0, 60));
  return wrong;
}
