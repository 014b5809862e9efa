// What programs expect of a JavaScript engine and QuickJS does not have: the console, random numbers of the host, and clear errors
// for what cannot be there.

/** @typedef {"debug" | "info" | "warn" | "error"} Level */

/** @param {(level: Level, message: string) => void} log @param {(length: number) => Uint8Array} randomBytes */
export function complete(log, randomBytes) {
  /** @type {any} */
  const world = globalThis;
  const at = (/** @type {Level} */ level) => (/** @type {unknown[]} */ ...values) => log(level, values.map(shown).join(" "));
  world.console = { debug: at("debug"), trace: at("debug"), log: at("info"), info: at("info"), warn: at("warn"), error: at("error") };
  Math.random = () => {
    // 53 bits.
    const bytes = randomBytes(7);
    return bytes.reduce((number, byte, index) => number + (index === 6 ? byte & 31 : byte) * 256 ** index, 0) / 2 ** 53;
  };
  world.crypto = {
    getRandomValues(/** @type {any} */ array) {
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(randomBytes(array.byteLength));
      return array;
    },
    randomUUID() {
      const bytes = randomBytes(16);
      bytes[6] = (bytes[6] & 15) | 64;
      bytes[8] = (bytes[8] & 63) | 128;
      const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    },
  };
  const waits = "handlers cannot wait for timers: fail with a RetryableFailure and `retryAfterMs`, or save a checkpoint";
  const absent = { setTimeout: waits, setInterval: waits, setImmediate: waits, fetch: "use ctx.http, which returns the response at once" };
  for (const [name, instead] of Object.entries(absent)) {
    world[name] = () => {
      throw new TypeError(`${name} is not available in handlers: ${instead}`);
    };
  }
}

/** @param {unknown} value */
function shown(value) {
  if (typeof value === "string") return value;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  try {
    return JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? part.toString() : part)) ?? String(value);
  } catch {
    return String(value);
  }
}
