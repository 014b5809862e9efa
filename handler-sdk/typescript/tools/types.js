// Checks the types of a package that has TypeScript and its settings.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "./problem.js";

/** @param {string} folder */
export function checkTypes(folder) {
  const compiler = join(folder, "node_modules/typescript/bin/tsc");
  if (!existsSync(join(folder, "tsconfig.json")) || !existsSync(compiler)) return;
  const checked = spawnSync(process.execPath, [compiler, "--noEmit", "--pretty", "false", "-p", folder], { encoding: "utf8", cwd: folder });
  if (checked.status !== 0) throw new Problem(`${checked.stdout}${checked.stderr}`.trim());
}
