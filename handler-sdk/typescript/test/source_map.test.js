// Places in the built file are mapped to the user's own files.

import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";
import { mapped } from "../src/stack.js";
import { reduced } from "../tools/source_map.js";

test("a place is mapped by the reduced map, and one in another file is not", async () => {
  const files = {
    library: "export function library() {\n  return Number.NaN;\n}\n",
    own: 'import { library } from "library";\n\nexport function own() {\n  const first = library();\n  return { first, second: missing };\n}\n',
  };
  const built = await build({
    stdin: { contents: files.own, sourcefile: "src/own.ts", loader: "ts" }, bundle: true, format: "esm", sourcemap: "external", write: false, outfile: "out.js",
    plugins: [{
      name: "library",
      setup(setup) {
        setup.onResolve({ filter: /^library$/ }, () => ({ path: "node_modules/library", namespace: "library" }));
        setup.onLoad({ filter: /.*/, namespace: "library" }, () => ({ contents: files.library }));
      },
    }],
  });
  const [map, code] = [".map", ".js"].map((end) => built.outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "");
  const small = reduced(JSON.parse(map), (source) => !source.includes("node_modules"));
  assert.deepEqual(small.sources, ["src/own.ts"]);
  /** @param {string} word */
  const place = (word) => {
    const line = code.split("\n").findIndex((text) => text.includes(word));
    return `at f (/handlers.js:${line + 1}:${code.split("\n")[line].indexOf(word) + 1})`;
  };
  /** @type {any} */ (globalThis).__taskerSourceMap = { file: "/handlers.js", ...small };
  assert.equal(mapped(place("missing")), "at f (src/own.ts:5:27)");
  assert.equal(mapped(place("library();")), "at f (src/own.ts:4:17)");
  assert.equal(mapped(place("Number.NaN")), place("Number.NaN"), "a library's place stays");
  assert.equal(mapped("at f (/handlers.js:999:1)"), "at f (/handlers.js:999:1)");
});
