// A page of the console in Chromium, which remembers what the browser complained of.
import { admin, chromium, server } from './server.mjs';

let browser;
export async function open() {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}
export const close = () => browser.close();

/** A new page, with a key. `complaints` has every violation of the policy, error, and request to another host. */
export async function page({ key = admin, theme = 'light', width = 1440, height = 900, base = server.href } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: 'reduce',
    extraHTTPHeaders: key ? { 'x-api-key': key } : {},
  });
  const it = await context.newPage();
  const complaints = [];
  it.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  it.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) complaints.push(message.text());
  });
  it.on('request', (request) => {
    const url = new URL(request.url());
    if (/^https?:$/.test(url.protocol) && url.host !== new URL(base).host) complaints.push(`request to ${url.host}`);
  });
  await it.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) =>
      window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`),
    );
  });
  const go = async (path = '') => {
    await it.goto(new URL(`console/${path}`, base).href);
    await it.locator('#main').waitFor();
  };
  /** What the browser complained of, policy included. */
  const said = async () => [...complaints, ...(await it.evaluate(() => window.violations))];
  return Object.assign(it, { open: go, said, complaints, done: () => context.close() });
}

/** Every page of the console, for those that look at all of them. */
export const places = ({ complete, blocked, entry, many }) => [
  ['overview', ''],
  ['tasks', 'tasks'],
  ['tasks without a match', 'tasks?tag=none-has-it'],
  ['task, graph', `tasks/${blocked}?step=charge`],
  ['task, timeline', `tasks/${blocked}/timeline`],
  ['task, steps', `tasks/${many}/steps`],
  ['task, logs', `tasks/${complete}/logs`],
  ['task, data', `tasks/${complete}/data`],
  ['task, audit', `tasks/${blocked}/audit`],
  ['task, JSON', `tasks/${complete}/json`],
  ['task, batch', `tasks/${many}?step=pick`],
  ['compare', `compare/${complete}/${blocked}`],
  ['typical run', `compare/${complete}/typical`],
  ['start', 'start'],
  ['start form', 'start/shop/order'],
  ['templates', 'templates'],
  ['template', 'templates/shop/order'],
  ['template, steps', 'templates/shop/order/1.0.0/steps'],
  ['template, schemas', 'templates/shop/order/1.0.0/schemas'],
  ['template, fields', 'templates/shop/order/1.0.0/fields'],
  ['DLQ desk', `dlq/${entry}`],
  ['handlers', 'handlers'],
  ['handler', 'handlers/add_up'],
  ['events', 'events'],
  ['events that left', 'events/published'],
  ['triggers', 'triggers'],
  ['subscriptions', 'subscriptions'],
  ['bulk', 'bulk'],
  ['settings', 'settings'],
  ['keys', 'settings/keys'],
  ['sessions', 'settings/sessions'],
  ['who did what', 'settings/audit'],
  ['configuration', 'settings/config'],
  ['workers', 'workers'],
  ['queues', 'queues'],
  ['analytics', 'analytics'],
  ['analytics of errors', 'analytics/errors'],
  ['health', 'settings/health'],
  ['about', 'settings/about'],
  ['no page', 'nowhere/at/all/of/this'],
  ['no task', 'tasks/00000000-0000-7000-8000-000000000000'],
];
