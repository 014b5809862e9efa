// Values that outlive an execution, in the buckets of the template's `grants.key_value`.

import { PermanentFailure, RetryableFailure } from "./failure.js";
import { parse, stringify } from "./json.js";
import { decode, encode } from "./utf8.js";

/** The largest value, in bytes. */
const MAX_VALUE_BYTES = 400_000;

/** Opens buckets. */
export class KeyValue {
  #open;

  /** @param {(name: string) => any} open Returns a bucket of the host; undefined if it is not granted. */
  constructor(open) {
    this.#open = open;
  }

  /** @param {string} name */
  open(name) {
    const opened = failing(name, () => this.#open(name));
    if (opened === undefined) {
      throw new PermanentFailure(
        "KeyValueDenied",
        `the bucket \`${name}\` is not granted to this step; see \`grants.key_value\` in the template`,
      );
    }
    return new Bucket(name, opened);
  }
}

/** @template T @param {string} name @param {() => T} call */
function failing(name, call) {
  try {
    return call();
  } catch (error) {
    throw new RetryableFailure("KeyValueFailed", `bucket \`${name}\`: ${/** @type {Error} */ (error).message}`);
  }
}

/** An open bucket. Every method fails with a retryable `KeyValueFailed` if the store is unavailable. */
export class Bucket {
  #name;
  #host;

  /** @param {string} name @param {any} host */
  constructor(name, host) {
    this.#name = name;
    this.#host = host;
  }

  /** @template T @param {() => T} call @returns {T} */
  #call(call) {
    return failing(this.#name, call);
  }

  /** @param {string} key */
  get(key) {
    return this.#read(key, this.getBytes(key));
  }

  /** @param {string[]} keys */
  getMany(keys) {
    const found = this.#call(() => this.#host.getMany(keys.map(String)));
    return keys.map((key, index) => this.#read(key, found[index]));
  }

  /** @param {string} key @param {unknown} value */
  set(key, value) {
    this.setBytes(key, this.#write(key, value));
  }

  /** @param {Iterable<[string, unknown]>} values */
  setMany(values) {
    const written = [...values].map(([key, value]) => [String(key), this.#sized(key, this.#write(key, value))]);
    this.#call(() => this.#host.setMany(written));
  }

  /** @param {string} key @returns {Uint8Array | undefined} */
  getBytes(key) {
    return this.#call(() => this.#host.get(String(key))) ?? undefined;
  }

  /** @param {string} key @param {Uint8Array} bytes */
  setBytes(key, bytes) {
    this.#sized(key, bytes);
    this.#call(() => this.#host.set(String(key), bytes));
  }

  /** @param {...string} keys */
  delete(...keys) {
    this.#call(() => this.#host.delete(keys.map(String)));
  }

  /** @param {string} key @returns {boolean} */
  exists(key) {
    return this.#call(() => this.#host.exists(String(key)));
  }

  /** @returns {string[]} */
  keys() {
    return this.#call(() => this.#host.keys());
  }

  /** @param {string} key @param {number | bigint} [delta] @returns {number} */
  increment(key, delta = 1) {
    const number = Number(delta);
    if (!Number.isSafeInteger(number) || String(number) !== String(delta)) {
      throw this.#invalid(key, `${delta} cannot be added exactly: integers have at most 53 bits here`);
    }
    const sum = this.#call(() => this.#host.increment(String(key), number));
    if (!Number.isSafeInteger(sum)) throw this.#invalid(key, "its number has more than 53 bits");
    return sum;
  }

  /** @param {string} key @param {(old: any) => unknown} change */
  update(key, change) {
    let changed;
    /** @type {unknown} */
    let thrown;
    this.#call(() =>
      this.#host.swap(String(key), (/** @type {Uint8Array | undefined} */ old) => {
        try {
          changed = change(this.#read(key, old));
          return this.#sized(key, this.#write(key, changed));
        } catch (error) {
          thrown = error;
          return undefined;
        }
      }),
    );
    if (thrown !== undefined) throw thrown;
    return changed;
  }

  /** @param {string} key @param {Uint8Array | null | undefined} bytes */
  #read(key, bytes) {
    if (bytes === undefined || bytes === null) return undefined;
    try {
      return parse(decode(bytes));
    } catch (error) {
      throw this.#unexpected(key, /** @type {Error} */ (error).message);
    }
  }

  /** @param {string} key @param {unknown} value */
  #write(key, value) {
    try {
      return encode(stringify(value));
    } catch (error) {
      throw this.#unexpected(key, /** @type {Error} */ (error).message);
    }
  }

  /** @param {string} key @param {Uint8Array} bytes */
  #sized(key, bytes) {
    if (bytes.length <= MAX_VALUE_BYTES) return bytes;
    throw new PermanentFailure(
      "InvalidValue",
      `the value for \`${key}\` in the bucket \`${this.#name}\` has ${bytes.length} bytes, more than the limit of ${MAX_VALUE_BYTES}`,
    );
  }

  /** @param {string} key @param {string} why */
  #unexpected(key, why) {
    return this.#invalid(key, `does not have the expected form: ${why}`);
  }

  /** @param {string} key @param {string} what */
  #invalid(key, what) {
    return new PermanentFailure("InvalidValue", `\`${key}\` in the bucket \`${this.#name}\` ${what}`);
  }
}
