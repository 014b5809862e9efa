// What the scenarios need around the browser: the API by its own door, a proxy, a service that can be broken.
import { createServer, request } from 'node:http';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';

const env = (name) =>
  process.env[name] ??
  (() => {
    throw new Error(`${name} is not set; run scripts/test-console.sh`);
  })();
export const server = new URL(env('CONSOLE_SERVER'));
export const admin = env('CONSOLE_ADMIN_KEY');
export const viewer = env('CONSOLE_VIEWER_KEY');
const require = createRequire(`${env('CONSOLE_TOOLS')}/`);
export const { chromium } = require('playwright-core');
export const axe = require('axe-core').source;

/** Asks the API. */
export async function api(path, { method = 'GET', body, key = admin } = {}) {
  const response = await fetch(new URL(path, server), {
    method,
    headers: { 'x-api-key': key, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : null };
}

/** Starts a task and returns its id. */
export async function start(name, context, more = {}) {
  const { status, body } = await api('/v1/tasks', { method: 'POST', body: { namespace: 'shop', name, context, ...more } });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body.task_id;
}

/** Waits until a task is in a state. */
export async function until(id, state, seconds = 30) {
  for (let i = 0; i < seconds * 10; i += 1) {
    const { body } = await api(`/v1/tasks/${id}`);
    if (body.status === state) return body;
    await pause(100);
  }
  throw new Error(`the task ${id} is not ${state}`);
}

/** The service that the template `flaky` calls; broken, it answers 503. */
export const service = { broken: false, calls: 0 };
let listening;
export async function startService() {
  listening = createServer((incoming, outgoing) => {
    service.calls += 1;
    incoming.resume();
    outgoing.statusCode = service.broken ? 503 : 200;
    outgoing.end('{}');
  });
  await new Promise((done) => {
    listening.listen(Number(env('CONSOLE_SERVICE_PORT')), '127.0.0.1', done);
  });
}
export const stopService = () => listening.close();

/** A proxy that serves everything below a path, and can be away. */
export async function proxy(prefix = '/') {
  const sockets = new Set();
  let front;
  let port = 0;
  const handle = (incoming, outgoing) => {
    if (!incoming.url.startsWith(prefix)) {
      outgoing.statusCode = 404;
      outgoing.end();
      return;
    }
    const path = `/${incoming.url.slice(prefix.length)}`;
    const onward = request(
      { host: server.hostname, port: server.port, path, method: incoming.method, headers: { ...incoming.headers, host: server.host } },
      (answer) => {
        outgoing.writeHead(answer.statusCode, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  };
  const begin = () =>
    new Promise((done) => {
      front = createServer(handle);
      front.on('connection', (socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
      });
      front.listen(port, '127.0.0.1', () => {
        port = front.address().port;
        done();
      });
    });
  const end = () =>
    new Promise((done) => {
      front.close(() => done());
      for (const socket of sockets) socket.destroy();
    });
  await begin();
  return { url: `http://127.0.0.1:${port}${prefix}`, begin, end };
}

export { pause };
