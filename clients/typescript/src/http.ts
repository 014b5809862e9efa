import { TaskerError } from "./errors.js";

export const TEMPORARY = new Set([429, 502, 503, 504]);
const LONGEST_PAUSE = 60; // Of a server that asks for more patience, the error is reported.
const SILENCE_MS = 45_000; // The server sends a comment every 15 seconds: a stream without a byte for so long is dead.
export const EVENT_STREAM = "text/event-stream";

/** Seconds before the next attempt, random so that clients do not come back all at once. */
export const backoff = (attempt: number): number => Math.random() * Math.min(8, 0.25 * 2 ** attempt);

const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
export const sleep = (seconds: number, signal?: AbortSignal | null): Promise<void> =>
  Promise.race([new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000)), ...(signal ? [aborted(signal)] : [])]);

/** The pause that `Retry-After` asks for, in seconds or until a date. */
function retryAfter(response: Response): number | undefined {
  const value = response.headers.get("retry-after") ?? "";
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

/** A `fetch` that limits the time of each attempt, and repeats requests that may be repeated. Event streams it only opens. */
export function resilient(fetch: typeof globalThis.fetch, retries: number, timeoutSeconds: number) {
  return async (request: Request): Promise<Response> => {
    const [url, { method, headers, credentials }] = [new URL(request.url), request];
    const isStream = headers.get("accept") === EVENT_STREAM;
    const isCreation = method === "POST" && url.pathname.endsWith("/v1/tasks") && headers.has("idempotency-key");
    const isRead = method === "GET" || method === "HEAD";
    const seconds = timeoutSeconds + Number(url.searchParams.get("wait_seconds") ?? 0);
    const body = isRead ? null : await request.arrayBuffer();
    for (let attempt = 0; ; attempt++) {
      request.signal.throwIfAborted();
      let pause: number | undefined;
      const isLast = isStream || !(isRead || isCreation) || attempt >= retries;
      // Not AbortSignal.timeout: Node may collect one that is part of another signal.
      const limit = new AbortController();
      const timer = setTimeout(() => limit.abort(), seconds * 1000);
      request.signal.addEventListener("abort", () => limit.abort(), { once: true });
      try {
        // Not to be redirected: another host would get the API key.
        const response = await fetch(url, { method, headers, body, credentials, redirect: "error", signal: limit.signal });
        pause = retryAfter(response);
        if (isLast || !TEMPORARY.has(response.status) || (pause ?? 0) > LONGEST_PAUSE) {
          // A document is read here, so that a connection that breaks in its middle is a failed attempt, too.
          if (!/\bjson\b/.test(response.headers.get("content-type") ?? "")) return response;
          return new Response(await Promise.race([response.arrayBuffer(), aborted(limit.signal)]), response);
        }
        await response.body?.cancel();
      } catch (cause) {
        request.signal.throwIfAborted();
        const place = `${method} ${url.origin}${url.pathname}`;
        if (limit.signal.aborted) throw new TaskerError("timed_out", `${place} was not answered within ${seconds} s`, cause);
        if (isLast) throw new TaskerError("connection_failed", `${place} got no response: is the server up?`, cause);
      } finally {
        clearTimeout(timer);
      }
      await sleep((pause ?? 0) + (pause === 0 ? 0 : backoff(attempt)), request.signal);
      // The attempt before may have created the task.
      if (isCreation) url.searchParams.set("on_duplicate", "return");
    }
  };
}

/** Reads server-sent events until the stream ends. One without fields is a comment. */
export async function* parse(body: ReadableStream<Uint8Array>, stop: AbortSignal | null): AsyncGenerator<Record<string, string>> {
  const [reader, decoder] = [body.getReader(), new TextDecoder()];
  // Node may forget to pass a signal on after the head of a response.
  stop?.addEventListener("abort", () => void reader.cancel().catch(() => undefined), { once: true });
  let text = "";
  try {
    for (;;) {
      const timer = setTimeout(() => void reader.cancel(), SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      const events = (text + decoder.decode(value, { stream: true })).split("\n\n");
      text = events.pop() ?? "";
      // None of Tasker's has several lines of data.
      for (const event of events) yield Object.fromEntries(event.split("\n").map((line) => line.split(/: ?(.*)/s, 2)));
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
