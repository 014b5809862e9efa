// Runs a package's tests with Node, which bundles them first: older versions do not read TypeScript.

import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const TEST = /\.test\.(?:ts|mts|js|mjs)$/;

/** @param {string} folder @param {string[]} options For `node --test`. */
export async function test(folder, options) {
  const entryPoints = found(folder);
  const outdir = join(folder, ".tasker/test");
  rmSync(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: folder, entryPoints, outdir, outbase: folder, bundle: true, packages: "external", platform: "node", format: "esm",
    target: "node20", sourcemap: true, outExtension: { ".js": ".mjs" }, logLevel: "warning",
  });
  const files = entryPoints.map((file) => join(outdir, file.replace(/\.[a-z]+$/, ".mjs")));
  const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...options, ...files], { stdio: "inherit", cwd: folder });
  return run.status ?? 1;
}

/** @param {string} folder @returns {string[]} */
function found(folder, below = "") {
  const files = readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules" || entry.name.startsWith(".")) return [];
    const path = join(below, entry.name);
    return entry.isDirectory() ? found(folder, path) : TEST.test(entry.name) ? [path] : [];
  });
  return files.sort();
}
