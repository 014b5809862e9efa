// Runs the interpreter in Node: as a WASI program with folders, and without the host in JavaScript that it could have.

import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { WASI } from "node:wasi";

// Node crashes where compiled code calls its WASI functions directly.
setFlagsFromString("--no-turbo-fast-api-calls");

const PREVIEW1 = "wasi_snapshot_preview1";
// Node frees what nothing in JavaScript holds, even while the interpreter calls it.
const held = [];

/** Starts an interpreter with these folders, by their paths inside. Returns what it exports, and a function to run Ruby. */
export function start(file, folders) {
  const wasi = new WASI({ version: "preview1", args: ["ruby"], env: {}, preopens: folders, returnOnExit: true });
  held.push(wasi, wasi.wasiImport);
  const module = new WebAssembly.Module(readFileSync(file));
  const imports = { [PREVIEW1]: wasi.wasiImport };
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (from === PREVIEW1) continue;
    imports[from] ??= {};
    imports[from][name] = name.startsWith("resource_")
      ? (value) => value
      : () => {
          throw new Error(`${from} ${name} is not available while handlers are loaded`);
        };
  }
  const instance = new WebAssembly.Instance(module, imports);
  wasi.initialize(instance);
  const exports = instance.exports;
  const find = (beginning) => exports[Object.keys(exports).find((name) => name.startsWith(beginning))];
  const memory = () => new DataView(exports.memory.buffer);
  const text = (value) => {
    const bytes = new TextEncoder().encode(`${value}\0`);
    const address = exports.cabi_realloc(0, 0, 1, bytes.length);
    new Uint8Array(exports.memory.buffer).set(bytes, address);
    return [address, bytes.length - 1];
  };
  const options = ["ruby", "-EUTF-8", "-W0", "--disable=gems", "-e_=0"].map(text);
  const list = exports.cabi_realloc(0, 0, 4, options.length * 8);
  options.forEach(([address, length], index) => {
    memory().setUint32(list + index * 8, address, true);
    memory().setUint32(list + index * 8 + 4, length, true);
  });
  find("ruby-init:")(list, options.length);
  return {
    exports,
    intern: (name) => find("rb-intern:")(...text(name)),
    /** Runs Ruby, and returns the address of its value. What it raises ends the program. */
    run: (code) => {
      const result = find("rb-eval-string-protect:")(...text(code));
      if (memory().getInt32(result + 4, true) !== 0) throw new Error(`Ruby failed: ${code}`);
      return memory().getUint32(result, true);
    },
  };
}
