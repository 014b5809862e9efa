// Makes a component of a bundle, with QuickJS inside.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { componentize as quickjs } from "componentize-qjs";
import { FILE } from "./bundle.js";
import { Problem } from "./problem.js";

const WIT = fileURLToPath(new URL("../wit", import.meta.url));

/**
 * The tool runs the bundle once to take a snapshot, with the real `wasi:io` and stand-ins for what it does not know, such as
 * `wasi:http`. The streams of a stand-in are others than the real ones, so it refuses both together. So `wit/` calls these
 * interfaces `host:`, all are stand-ins, and the component gets their real names afterwards, which are as long. The version
 * differs from that of the engine's own imports, because a component imports a name once.
 */
const STAND_IN = /host(:(?:http|io|clocks)\/[a-z-]+@0\.2\.10)/g;

/** @param {string} code */
export async function componentize(code) {
  // The tool reads the file, whose name is what stacks show.
  const root = mkdtempSync(join(tmpdir(), "tasker-handler-"));
  const jsPath = join(root, FILE);
  let built;
  try {
    writeFileSync(jsPath, code);
    built = await quickjs({ witPath: WIT, world: "sdk", jsSource: code, jsPath, moduleRoot: root, sync: true, optSize: true });
  } catch (error) {
    const text = String(/** @type {any} */ (error)?.message ?? error);
    throw new Problem(`the handlers cannot be loaded: ${text.replace(/^.*module evaluation: /s, "")}`);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return Buffer.from(built.component.toString("latin1").replace(STAND_IN, "wasi$1"), "latin1");
}
