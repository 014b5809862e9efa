// HTTP requests from a handler. A request waits for the whole response.

import { retryAfterMs } from "./date.js";
import { Failure, PermanentFailure, RetryableFailure } from "./failure.js";
import { parse, stringify } from "./json.js";
import { decode, encode } from "./utf8.js";

/** The error statuses after which another attempt may succeed. */
const RETRYABLE = [408, 409, 425, 429, 500, 502, 503, 504];

/** Sends requests to the destinations in the template's `grants.http`. */
export class Http {
  #send;

  /** @param {(request: any) => { status: number, headers: [string, string][], body: Uint8Array }} send */
  constructor(send) {
    this.#send = send;
  }

  /** @param {string} url @param {any} [options] */
  get(url, options) { return this.request("GET", url, options); }

  /** @param {string} url @param {any} [options] */
  post(url, options) { return this.request("POST", url, options); }

  /** @param {string} url @param {any} [options] */
  put(url, options) { return this.request("PUT", url, options); }

  /** @param {string} url @param {any} [options] */
  patch(url, options) { return this.request("PATCH", url, options); }

  /** @param {string} url @param {any} [options] */
  delete(url, options) { return this.request("DELETE", url, options); }

  /** @param {string} method @param {string} url @param {{ headers?: Record<string, string>, json?: unknown, body?: string | Uint8Array }} [options] */
  request(method, url, options = {}) {
    /** @type {[string, string][]} */
    const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [name, String(value)]);
    let body = options.body ?? "";
    if (Object.hasOwn(options, "json")) {
      try {
        body = stringify(options.json);
      } catch (error) {
        const why = /** @type {Error} */ (error).message;
        throw new PermanentFailure("InvalidRequest", `the request's body cannot be serialized: ${why}`);
      }
      headers.push(["content-type", "application/json"]);
    }
    const bytes = typeof body === "string" ? encode(body) : body;
    const { status, headers: found, body: read } = this.#send({ method, url: String(url), headers, body: bytes });
    return new Response(status, found, read, url);
  }
}

/** A response with its whole body. */
export class Response {
  /** @param {number} status @param {[string, string][]} headers @param {Uint8Array} body @param {string} url */
  constructor(status, headers, body, url) {
    this.status = status;
    this.headers = headers.map(([name, value]) => /** @type {[string, string]} */ ([name.toLowerCase(), value]));
    this.bytes = body;
    this.url = url;
  }

  /** @param {string} name */
  header(name) {
    return this.headers.find(([known]) => known === name.toLowerCase())?.[1];
  }

  /** @returns {string} */
  text() {
    return decode(this.bytes);
  }

  /** @returns {any} */
  json() {
    try {
      return parse(this.text());
    } catch (error) {
      const why = /** @type {Error} */ (error).message;
      throw new RetryableFailure("HttpInvalidBody", `the response of ${this.url} does not have the expected form: ${why}`);
    }
  }

  /** Returns the response unless its status is an error. */
  check() {
    if (this.status < 400) return this;
    const retryable = RETRYABLE.includes(this.status);
    const wait = this.header("retry-after");
    throw new Failure(`Http${this.status}`, `${this.url} returned ${this.status}`, {
      retryable,
      retryAfterMs: wait === undefined ? undefined : retryAfterMs(wait),
      details: { body: [...this.text()].slice(0, 1000).join("") },
    });
  }
}
