// Bundles handlers, the SDK and their dependencies into one file that ends with its source map.

import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Problem } from "./problem.js";
import { reduced } from "./source_map.js";

/** The name of the file inside of the component. */
export const FILE = "/handlers.js";

/** @param {string} folder @param {string} entry */
export async function bundle(folder, entry) {
  const component = fileURLToPath(new URL("../src/component.js", import.meta.url));
  // First what completes the engine.
  const start = [`export { stepHandler } from ${JSON.stringify(component)};`, `import ${JSON.stringify(entry)};`].join("\n");
  let built;
  try {
    built = await build({
      absWorkingDir: folder,
      stdin: { contents: start, resolveDir: folder, sourcefile: "tasker:start", loader: "js" },
      bundle: true,
      format: "esm",
      target: "es2023",
      platform: "neutral",
      mainFields: ["module", "main"],
      conditions: ["import", "module"],
      external: ["tasker:*", "wasi:*", "host:*"],
      keepNames: true,
      metafile: true,
      sourcemap: "external",
      sourcesContent: false,
      outfile: "out.js",
      write: false,
      logLevel: "silent",
      // Handlers and the component must share one registry.
      alias: { "tasker-handler": fileURLToPath(new URL("../src/index.js", import.meta.url)) },
    });
  } catch (error) {
    throw new Problem(described(/** @type {any} */ (error)));
  }
  const [map, code] = ["out.js.map", "out.js"].map((end) => built.outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "");
  const whole = JSON.parse(map);
  const sources = whole.sources.map((/** @type {string} */ source) => relative(folder, resolve(folder, source)).replaceAll("\\", "/"));
  const own = reduced({ sources, mappings: whole.mappings }, (source) => !/^(tasker:|\.\.)|node_modules/.test(source));
  const table = JSON.stringify({ file: FILE, ...own });
  // At the end, so that no line moves.
  return { code: `${code}\nglobalThis.__taskerSourceMap = ${table};\n`, inputs: Object.keys(built.metafile.inputs).filter((input) => !input.includes("tasker:start")) };
}

/** @param {any} error */
function described(error) {
  if (!Array.isArray(error.errors)) return String(error.message ?? error);
  return error.errors
    .map((/** @type {any} */ { text, location }) => {
      const place = location ? `${location.file}:${location.line}:${location.column + 1}: ` : "";
      const node = /Could not resolve "(node:)?(fs|http|https|net|path|crypto|os|url|util|stream|events|buffer|child_process|process|zlib|tls|dns|worker_threads)(\/.*)?"/.exec(text);
      const why = node ? ". Handlers run without Node: they have no files and sockets; ctx.http sends requests" : "";
      return `${place}${text}${why}`;
    })
    .join("\n");
}
