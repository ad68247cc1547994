// SPDX-License-Identifier: GPL-2.0-or-later
// The form of a test request: a second click does nothing while the first one is under way.
"use strict";

(() => {
  const form = document.getElementById("submission-form");
  const button = form.querySelector("button[type=submit]");
  const words = button.textContent;

  form.addEventListener("submit", () => {
    button.disabled = true;
    button.textContent = "Checking the patch…";
  });
  // The browser's back button shows the page as it was left.
  window.addEventListener("pageshow", () => {
    button.disabled = false;
    button.textContent = words;
  });
})();
