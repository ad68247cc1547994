// SPDX-License-Identifier: GPL-2.0-or-later
// A long table: only the rows that hold every word typed stay. Without scripts the field stays hidden.
"use strict";

(() => {
  for (const field of document.querySelectorAll("input[data-filter]")) {
    const rows = [...document.querySelectorAll(`#${field.dataset.filter} tbody tr`)];
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const box = field.closest(".filter");
    const found = box.querySelector("output");

    const filter = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      rows.forEach((row, n) => (row.hidden = !words.every((word) => texts[n].includes(word))));
      const left = rows.filter((row) => !row.hidden).length;
      found.textContent = words.length ? `${left} of ${rows.length}` : "";
    };
    field.addEventListener("input", filter);
    box.hidden = false;
    filter(); // what the browser kept when it came back to the page
  }
})();
