// SPDX-License-Identifier: Apache-2.0
// Everything here is comfort: the pages read and acknowledge without it.
"use strict";

const page = document.body.dataset.page;
const live = document.getElementById("live");
const spoken = document.getElementById("alarm");
const plainTitle = document.title;

// Clocks in words, as the server writes them (record/duration.py).
function lengthOf(ms) {
  ms = Math.abs(ms);
  const [minute, hour, day] = [60e3, 3600e3, 86400e3];
  if (ms < minute) return Math.floor(ms / 1000) + " s";
  if (ms < 2 * hour) return Math.floor(ms / minute) + " min";
  if (ms < 3 * day) return Math.floor(ms / hour) + " h";
  return Math.floor(ms / day) + " d";
}

function tick() {
  const now = Date.now();
  for (const clock of document.querySelectorAll("[data-due]")) {
    const due = Number(clock.dataset.due);
    const words = due >= now ? lengthOf(due - now) + " left" : "overdue " + lengthOf(now - due);
    const shown = clock.querySelector("[data-left]");
    if (shown && shown.textContent !== words) shown.textContent = words;
    clock.classList.toggle("over", due < now);
    clock.classList.toggle("soon", due >= now && due - now < 7200e3);
  }
}

// A line above the page. It pushes nothing about: it is fixed to what the reader asked for by a link.
function say(name, text, href, link) {
  let line = live.querySelector(`[data-line="${name}"]`);
  if (text === null) { if (line) line.remove(); return; }
  if (!line) { line = document.createElement("p"); line.dataset.line = name; live.append(line); }
  line.textContent = text + " ";
  if (href) {
    const a = document.createElement("a");
    a.href = href; a.textContent = link;
    if (href === location.pathname + location.search) a.addEventListener("click", (e) => { e.preventDefault(); location.reload(); });
    line.append(a);
  }
}

// Sound: two tones, made here, after a person has allowed it once on this page.
let audio = null;
function soundOn() {
  if (!audio) audio = new AudioContext();
  audio.resume().then(showSound);
}
function tone(at, pitch) {
  const [wave, gain] = [audio.createOscillator(), audio.createGain()];
  wave.frequency.value = pitch;
  wave.type = "square";
  gain.gain.setValueAtTime(0.0001, at);
  gain.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.34);
  wave.connect(gain).connect(audio.destination);
  wave.start(at);
  wave.stop(at + 0.36);
}
function beep() {
  if (!audio || audio.state !== "running") return;
  tone(audio.currentTime, 880);
  tone(audio.currentTime + 0.4, 660);
}
function showSound() {
  const place = document.querySelector("[data-sound]");
  if (!place) return;
  place.hidden = false;
  if (audio && audio.state === "running") { place.textContent = "Sound is on."; return; }
  place.textContent = "Sound is off. ";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Turn the alarm's sound on";
  button.addEventListener("click", () => { soundOn(); setTimeout(beep, 200); });
  place.append(button);
}

// A browser lets a page make sound after a person has done something on it.
function maySound() { return !navigator.userActivation || navigator.userActivation.hasBeenActive; }

// Ringing: light, sound, title and a spoken line, until somebody has acknowledged.
let ringing = null;
const told = new Set();
function ring() {
  const alarms = [...document.querySelectorAll("[data-alarm]")];
  document.body.classList.toggle("ringing", alarms.length > 0);
  const fresh = alarms.filter((one) => !told.has(one.dataset.alarm));
  for (const one of fresh) told.add(one.dataset.alarm);
  if (fresh.length) spoken.textContent = "Act now: " + fresh.map((one) => one.dataset.words).join(", ");
  if (alarms.length && !ringing) { beep(); ringing = setInterval(beep, 2500); }
  if (!alarms.length && ringing) { clearInterval(ringing); ringing = null; }
  document.title = alarms.length ? "● " + alarms[0].dataset.words + " · act now" : page === "watch" ? "Watch · " + document.body.dataset.party + " · Detente" : plainTitle;
}

// The page again, taken in part by part. What a person is working in is left alone.
async function fresh() {
  const answer = await fetch(location.pathname + location.search, { headers: { "X-Detente-Live": document.visibilityState } });
  if (answer.status === 401) { ended(); return null; }
  if (!answer.ok) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}
function busy(part) {
  const focus = document.activeElement;
  if (!part.contains(focus)) return false;
  if (focus.matches("input:not([type=hidden]), textarea, select")) return true;
  return part.dataset.part !== "now";
}
function take(found) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const other = found.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!other || part.innerHTML === other.innerHTML) continue;
    const same = signature(part) === signature(other);
    if (busy(part)) { if (!same) say("more", "This page has news.", location.pathname, "Show them"); continue; }
    if (same) continue;
    if (part.dataset.part === "now" && takeAlarms(part, other)) continue;
    part.replaceChildren(...document.importNode(other, true).childNodes);
  }
  showSound();
  tick();
  ring();
}
// An alarm that stays is not touched: somebody's finger may be on its button. New ones come below it.
function takeAlarms(part, other) {
  const here = [...part.querySelectorAll("[data-alarm]")];
  const there = [...other.querySelectorAll("[data-alarm]")];
  const ids = (list) => new Set(list.map((one) => one.dataset.alarm));
  if (!here.some((one) => ids(there).has(one.dataset.alarm))) return false;
  let last = null;
  for (const one of here) { if (ids(there).has(one.dataset.alarm)) last = one; else one.remove(); }
  for (const one of there) {
    if (ids(here).has(one.dataset.alarm)) continue;
    const added = document.importNode(one, true);
    last.after(added);
    last = added;
  }
  return true;
}
// Tokens and running clocks differ each time; they are no news.
function signature(part) {
  const copy = part.cloneNode(true);
  for (const one of copy.querySelectorAll("[name=once], [data-left], [data-sound]")) one.remove();
  return copy.textContent.replace(/\s+/g, " ") + [...copy.querySelectorAll("[data-alarm]")].map((one) => one.dataset.alarm).join();
}
// Much that happens at once is looked at once: the node has better things to do than to draw this page.
let asked = null;
let rest = 0;
function refresh(delay = 250) {
  const wait = delay === 0 ? 0 : Math.max(delay, rest - Date.now());
  if (asked && delay !== 0) return;
  clearTimeout(asked);
  asked = setTimeout(async () => {
    asked = null;
    const begun = Date.now();
    try {
      const found = await fresh();
      if (found) (page === "watch" ? take : takeMarks)(found);
    } catch { say("lost", "The console does not answer; what stands here may be old.", location.pathname, "Try again"); }
    rest = Date.now() + Math.max(1000, 10 * (Date.now() - begun));
  }, wait);
}
function concerns(event) {
  const { channel, entry } = document.body.dataset;
  if (page === "watch") return true;
  if (page === "timeline") return event.channel === channel;
  return page === "entry" && (event.id === entry || (event.re || []).includes(entry));
}
function takeMarks(found) {
  for (const mark of document.querySelectorAll("[data-marks]")) {
    const other = found.querySelector(`[data-marks="${mark.dataset.marks}"]`);
    if (other && other.innerHTML !== mark.innerHTML) mark.replaceChildren(...document.importNode(other, true).childNodes);
  }
  tick();
}

// Events.
let source = null;
let count = 0;
function ended() {
  if (source) source.close();
  source = null;
  const text = "You are logged out: this page no longer sees what comes in.";
  say("ended", text, "/login?next=" + encodeURIComponent(location.pathname), "Log in");
  spoken.textContent = text;
  document.title = "✕ Logged out · Detente";
}
function alarmElsewhere(event) {
  const words = event.precedence.toUpperCase() + " from " + event.party;
  say("alarm", words + ": act now.", "/", "Go to the watch page");
  spoken.textContent = words + ": act now.";
  document.title = "● " + words;
  if (!ringing && maySound()) { soundOn(); ringing = setInterval(beep, 2500); }
}
function arrived(event) {
  if (page !== "timeline" || event.channel !== document.body.dataset.channel || ["ack", "test", "epoch.grant", "credential"].includes(event.kind)) return;
  count += 1;
  say("new", count === 1 ? "1 new entry." : count + " new entries.", location.pathname + location.search, "Show");
}
function open() {
  source = new EventSource(page === "watch" ? "/events?watch=1" : "/events");
  const on = (name, act) => source.addEventListener(name, (e) => act(JSON.parse(e.data)));
  on("ready", () => { say("lost", null); if (["watch", "timeline", "entry"].includes(page)) refresh(); });
  on("ended", ended);
  on("alarm", (event) => (page === "watch" ? refresh(0) : alarmElsewhere(event)));
  on("entry", (event) => { arrived(event); if (concerns(event)) refresh(); });
  for (const name of ["mark", "link", "draft", "labels", "stopped", "evidence"]) on(name, (event) => { if (concerns(event)) refresh(600); });
  source.onerror = () => {
    say("lost", "The console does not answer; what stands here may be old. Trying again.");
    if (source && source.readyState === EventSource.CLOSED) { source = null; fresh().then(() => setTimeout(() => source || open(), 5000), () => setTimeout(() => source || open(), 5000)); }
  };
}

if (page !== "login" && document.querySelector(".who")) {
  tick();
  setInterval(tick, 1000);
  open();
  if (page === "watch") {
    showSound();
    ring();
    if (maySound()) soundOn();
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") refresh(0); });
  } else {
    // Browsers hold few connections to one place: a page that nobody sees gives its own back.
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") { if (!source) open(); } else if (source) { source.close(); source = null; }
    });
  }
}

// A text that is being written is not lost by a slip.
for (const form of document.querySelectorAll("form[data-keep]")) {
  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  addEventListener("beforeunload", (e) => { if (changed) e.preventDefault(); });
}
const summary = document.querySelector(".summary[tabindex]");
if (summary) summary.focus();
