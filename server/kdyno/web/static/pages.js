// SPDX-License-Identifier: GPL-2.0-or-later
// On every page: times in the reader's own zone, lengths of time that go on counting, questions before a stop.
"use strict";

(() => {
  const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

  /** `4 min 05 s`, as the server writes it. */
  function duration(milliseconds) {
    const s = Math.max(0, Math.floor(milliseconds / 1000));
    const two = (n) => String(n).padStart(2, "0");
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
    return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} min`;
  }

  function localise(root) {
    for (const element of root.querySelectorAll("time[datetime]:not([title])")) {
      element.title = element.textContent;
      element.textContent = clock.format(new Date(element.dateTime));
    }
    for (const element of root.querySelectorAll("pre[data-follow]")) element.scrollTop = element.scrollHeight;
  }

  function tick() {
    for (const element of document.querySelectorAll(".elapsed[data-since]:not([data-until])")) {
      element.textContent = duration(Date.now() - Date.parse(element.dataset.since));
    }
  }

  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });
  document.addEventListener("htmx:afterSwap", (event) => localise(event.target));

  localise(document);
  document.getElementById("problems")?.focus();
  setInterval(tick, 1000);
})();
