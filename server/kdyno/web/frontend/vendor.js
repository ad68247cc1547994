// SPDX-License-Identifier: GPL-2.0-or-later
// Copies what the pages load from node_modules to web/static/vendor, with each package's licence.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const FILES = {
  "htmx.org": ["dist/htmx.min.js"],
  "htmx-ext-sse": ["dist/sse.min.js"],
  uplot: ["dist/uPlot.iife.min.js", "dist/uPlot.min.css"],
};

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "static", "vendor");
rmSync(target, { recursive: true, force: true });
for (const [name, files] of Object.entries(FILES)) {
  const source = join(here, "node_modules", name);
  const folder = join(target, name);
  mkdirSync(folder, { recursive: true });
  const licences = readdirSync(source).filter((file) => /^licen[cs]e/i.test(file));
  for (const file of [...files, ...licences]) {
    const from = join(source, file);
    if (!existsSync(from)) throw new Error(`${name} has no ${file}: adjust FILES in vendor.js to its version`);
    cpSync(from, join(folder, file.split("/").pop()));
  }
}
console.log(`front-end packages are in ${target}`);
