// Accesses buckets through wasi:keyvalue.

import atomics from "wasi:keyvalue/atomics@0.2.0-draft2";
import batch from "wasi:keyvalue/batch@0.2.0-draft2";
import store from "wasi:keyvalue/store@0.2.0-draft2";

/** What an import has thrown: its error. @param {any} thrown */
const payload = (thrown) => (thrown instanceof Error && "payload" in thrown ? thrown.payload : thrown);

/** @param {any} error */
function said(error) {
  if (error?.tag === "no-such-store") return "the host has no key-value store";
  if (error?.tag === "access-denied") return "access was denied";
  return String(error?.val ?? error?.message ?? error);
}

/** @template T @param {() => T} call @returns {T} */
function telling(call) {
  try {
    return call();
  } catch (thrown) {
    throw new Error(said(payload(thrown)));
  }
}

/** A bucket of the host; undefined if it is not granted. @param {string} name */
export function open(name) {
  let bucket;
  try {
    bucket = store.open(String(name));
  } catch (thrown) {
    const error = payload(thrown);
    if (error?.tag === "access-denied") return undefined;
    throw new Error(said(error));
  }
  return {
    get: (/** @type {string} */ key) => bytes(telling(() => bucket.get(key))),
    getMany: (/** @type {string[]} */ keys) => telling(() => batch.getMany(bucket, keys)).map((/** @type {any} */ pair) => bytes(pair?.[1])),
    set: (/** @type {string} */ key, /** @type {Uint8Array} */ value) => telling(() => bucket.set(key, value)),
    setMany: (/** @type {any} */ values) => telling(() => batch.setMany(bucket, values)),
    delete: (/** @type {string[]} */ keys) => telling(() => batch.deleteMany(bucket, keys)),
    exists: (/** @type {string} */ key) => telling(() => bucket.exists(key)),
    increment: (/** @type {string} */ key, /** @type {number} */ delta) => telling(() => atomics.increment(bucket, key, delta)),
    keys() {
      /** @type {string[]} */
      const keys = [];
      /** @type {string | null} */
      let cursor = null;
      do {
        /** @type {any} */
        const page = telling(() => bucket.listKeys(cursor));
        keys.push(...page.keys);
        cursor = page.cursor ?? null;
      } while (cursor !== null);
      return keys;
    },
    /** Until nobody else has written in between. @param {string} key @param {(old: Uint8Array | undefined) => Uint8Array | undefined} change */
    swap(key, change) {
      let seen = telling(() => atomics.Cas.new(bucket, key));
      for (;;) {
        const changed = change(bytes(telling(() => seen.current())));
        if (changed === undefined) return;
        try {
          atomics.swap(seen, changed);
          return;
        } catch (thrown) {
          const error = payload(thrown);
          if (error?.tag !== "cas-failed") throw new Error(said(error?.tag === "store-error" ? error.val : error));
          seen = error.val;
        }
      }
    },
  };
}

/** @param {any} value @returns {Uint8Array | undefined} */
function bytes(value) {
  return value === undefined || value === null ? undefined : value instanceof Uint8Array ? value : Uint8Array.from(value);
}
