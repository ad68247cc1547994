// SPDX-License-Identifier: GPL-2.0-or-later
// Live updates pause in a hidden tab: a browser allows six connections to a server, over all of its tabs.
"use strict";

(() => {
  const HIDDEN_MS = 20000;
  const sources = new Set();

  /** An EventSource that can be paused and resumed; it goes on from what was seen last. */
  class PausableEventSource {
    constructor(url) {
      this.url = new URL(url, location.href);
      this.listeners = [];
      this.ended = false;
      this.resume();
      sources.add(this);
    }

    get readyState() {
      return this.ended ? EventSource.CLOSED : (this.inner?.readyState ?? EventSource.CONNECTING);
    }

    addEventListener(name, listener) {
      this.listeners.push([name, listener]);
      this.inner?.addEventListener(name, listener);
    }

    removeEventListener(name, listener) {
      this.listeners = this.listeners.filter(([n, l]) => n !== name || l !== listener);
      this.inner?.removeEventListener(name, listener);
    }

    pause() {
      this.inner?.close();
      this.inner = null;
    }

    resume() {
      if (this.inner || this.ended) return;
      if (this.seen) this.url.searchParams.set("seen", this.seen);
      this.inner = new EventSource(this.url);
      this.inner.onopen = (event) => this.onopen?.(event);
      this.inner.onerror = (event) => this.onerror?.(event);
      this.inner.addEventListener("seen", (event) => (this.seen = event.data));
      for (const [name, listener] of this.listeners) this.inner.addEventListener(name, listener);
    }

    close() {
      this.pause();
      this.ended = true;
      sources.delete(this);
    }
  }

  htmx.createEventSource = (url) => new PausableEventSource(url);

  let timer = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(() => sources.forEach((source) => source.pause()), HIDDEN_MS);
    else sources.forEach((source) => source.resume());
  });
})();
