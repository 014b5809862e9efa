// Sends requests through wasi:http.

import outgoing from "host:http/outgoing-handler@0.2.10";
import types from "host:http/types@0.2.10";
import { PermanentFailure, RetryableFailure } from "./failure.js";
import { decode, encode } from "./utf8.js";

const METHODS = ["get", "head", "post", "put", "delete", "connect", "options", "trace", "patch"];

/** The largest write. */
const WRITE_BYTES = 4096;

/** What an import has thrown: its error. @param {any} thrown */
const payload = (thrown) => (thrown instanceof Error && "payload" in thrown ? thrown.payload : thrown);

/** Resources must end before what they came from. @param {any} resource */
const end = (resource) => resource[Symbol.dispose]();

/** @param {{ method: string, url: string, headers: [string, string][], body: Uint8Array }} request */
export function send(request) {
  const outgoingRequest = prepare(request);
  const body = outgoingRequest.body();
  let future;
  try {
    future = outgoing.handle(outgoingRequest, null);
  } catch (thrown) {
    end(body);
    throw unreachable(request, payload(thrown));
  }
  write(request, body);
  const ready = future.subscribe();
  ready.block();
  end(ready);
  const answer = future.get();
  end(future);
  if (answer?.tag !== "ok") throw broken(request, "no response");
  if (answer.val.tag !== "ok") throw unreachable(request, answer.val.val);
  return read(request, answer.val.val);
}

/** @param {any} request */
function prepare(request) {
  const [, scheme, rest] = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/(.*)$/s.exec(request.url) ?? [];
  if (scheme === undefined) throw invalid(request, "it has no scheme");
  const [, authority, path] = /^([^/?#]*)([^#]*)/.exec(rest) ?? ["", "", ""];
  const fields = new types.Fields();
  // Without it even an empty body would be chunked, which servers do not expect of a GET.
  for (const [name, value] of [...request.headers, ["content-length", String(request.body.length)]]) {
    try {
      fields.append(name, encode(value));
    } catch (thrown) {
      throw invalid(request, `header \`${name}\`: ${shown(payload(thrown))}`);
    }
  }
  const outgoingRequest = new types.OutgoingRequest(fields);
  const method = request.method.toLowerCase();
  const lower = scheme.toLowerCase();
  const parts = /** @type {[string, () => void][]} */ ([
    ["its method is not valid", () => outgoingRequest.setMethod(METHODS.includes(method) ? { tag: method } : { tag: "other", val: request.method })],
    ["its scheme is not valid", () => outgoingRequest.setScheme(lower === "https" ? { tag: "HTTPS" } : lower === "http" ? { tag: "HTTP" } : { tag: "other", val: scheme })],
    ["its host is not valid", () => outgoingRequest.setAuthority(authority)],
    ["its path is not valid", () => outgoingRequest.setPathWithQuery(path.startsWith("/") ? path : `/${path}`)],
  ]);
  for (const [what, set] of parts) {
    try {
      set();
    } catch {
      throw invalid(request, what);
    }
  }
  return outgoingRequest;
}

/** @param {any} request @param {any} body */
function write(request, body) {
  const stream = body.write();
  try {
    for (let start = 0; start < request.body.length; start += WRITE_BYTES) {
      stream.blockingWriteAndFlush(request.body.slice(start, start + WRITE_BYTES));
    }
  } catch {
    end(stream);
    end(body);
    throw broken(request, "the connection broke");
  }
  end(stream);
  try {
    types.OutgoingBody.finish(body, null);
  } catch (thrown) {
    throw unreachable(request, payload(thrown));
  }
}

/** @param {any} request @param {any} response */
function read(request, response) {
  const status = response.status();
  const fields = response.headers();
  const headers = fields.entries().map((/** @type {[string, any]} */ [name, value]) => [name, decode(Uint8Array.from(value))]);
  end(fields);
  const incoming = response.consume();
  const stream = incoming.stream();
  const chunks = [];
  let length = 0;
  try {
    for (;;) {
      const chunk = stream.blockingRead(65536);
      chunks.push(chunk);
      length += chunk.length;
    }
  } catch (thrown) {
    const why = payload(thrown);
    if (why?.tag !== "closed") {
      const what = why?.tag === "last-operation-failed" ? why.val.toDebugString() : shown(why);
      if (why?.tag === "last-operation-failed") end(why.val);
      for (const resource of [stream, incoming, response]) end(resource);
      throw broken(request, what);
    }
  }
  for (const resource of [stream, incoming, response]) end(resource);
  const body = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return { status, headers, body };
}

/** @param {any} value */
function shown(value) {
  return typeof value === "string" ? value : (value?.tag ?? String(value?.message ?? value)) + (typeof value?.val === "string" ? `: ${value.val}` : "");
}

/** @param {any} request @param {string} what */
function invalid(request, what) {
  return new PermanentFailure("InvalidRequest", `\`${request.url}\`: ${what}`);
}

/** @param {any} request @param {string} what */
function broken(request, what) {
  return new RetryableFailure("HttpUnreachable", `${request.url}: ${what}`);
}

/** @param {any} request @param {any} code */
function unreachable(request, code) {
  if (code?.tag === "HTTP-request-denied") {
    return new PermanentFailure("HttpDenied", `${request.url} is not granted to this step; see \`grants.http\` in the template`);
  }
  return broken(request, shown(code));
}
