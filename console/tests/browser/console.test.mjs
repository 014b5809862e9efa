// The console in Chromium on a real server: what people do with it, and what must never happen.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { admin, api, axe, pause, proxy, service, start, startService, stopService, until, viewer } from './server.mjs';
import { close, open, page, places } from './page.mjs';

const seen = {};
let number = 1000;
const order = () => ({ order_id: `DE-${(number += 1)}`, n: 1 });

before(async () => {
  await startService();
  await open();
  const first = order();
  seen.key = first.order_id;
  seen.complete = await start('order', first, { tags: ['web'], initiator: 'ada' });
  seen.blocked = await start('refused', order(), { tags: ['wholesale'] });
  seen.many = await start('picks', { ...order(), workers: 1000 });
  await until(seen.complete, 'complete');
  await until(seen.blocked, 'blocked_by_failures');
  await until(seen.many, 'complete', 120);
  seen.entry = (await api(`/v1/dlq/task/${seen.blocked}`)).body.items[0].dlq_entry_id;
});
after(async () => {
  await close();
  stopService();
});

test('a task is started from the form and watched until it is complete', async () => {
  const it = await page();
  await it.open('start');
  await it.getByRole('link', { name: /^order shop/ }).click();
  await it.getByRole('button', { name: /^Start Ctrl/ }).click();
  assert.match(await it.locator('.side-foot').innerText(), /fields to mend/);
  await it.getByLabel('order_id').fill('nonsense');
  await it.getByText('must match', { exact: false }).first().waitFor();
  await it.getByLabel('order_id').fill('DE-4711');
  await it.getByLabel('n', { exact: true }).fill('7');
  await it.keyboard.press('Control+Enter');
  await it.waitForURL(/console\/tasks\/[0-9a-f-]{36}$/);
  await it.locator('.meta .state', { hasText: 'Complete' }).waitFor();
  await it.locator('.why', { hasText: 'All 3 steps are complete' }).waitFor();
  const id = it.url().split('/').at(-1);
  assert.equal((await api(`/v1/tasks/${id}`)).body.source_system, 'console');
  assert.deepEqual(await it.said(), []);
  await it.done();
});

test('a running task is shown live, by its stream', async () => {
  const id = await start('picks', { ...order(), workers: 48, hold_ms: 500 });
  const it = await page();
  await it.open(`tasks/${id}`);
  await it.locator('.live', { hasText: /^live$/ }).waitFor();
  const done = async () => Number((await it.locator('.prog .big').innerText()).split(' ')[0].replace(/\s/g, ''));
  const first = await done();
  await it.locator('.meta .state', { hasText: 'Complete' }).waitFor({ timeout: 30000 });
  assert.ok((await done()) > first);
  await it.done();
});

test('the failing step is found by keyboard alone, redriven, and seen to be well', async () => {
  service.broken = true;
  const id = await start('flaky', order());
  await until(id, 'blocked_by_failures');
  service.broken = false;
  const it = await page();
  await it.open('');
  const keys = ['g', 't'];
  for (const key of keys) await it.keyboard.press(key);
  await it.locator('tbody tr a', { hasText: 'flaky' }).first().waitFor();
  for (const key of ['e', 'Enter']) await it.keyboard.press(key);
  await it.waitForURL((url) => url.pathname.endsWith(id));
  await it.locator('.why', { hasText: 'charge failed for good' }).waitFor();
  await it.keyboard.press('e');
  await it.getByRole('complementary', { name: 'Step charge' }).locator('.callout').waitFor();
  await it.keyboard.press('r');
  await it.getByRole('dialog').waitFor();
  await it.keyboard.type('the provider is back');
  await it.keyboard.press('Enter');
  await it.locator('.meta .state', { hasText: 'Complete' }).waitFor();
  const audit = (await api(`/v1/tasks/${id}/audit`)).body.items;
  assert.ok(audit.some((one) => one.reason === 'the provider is back'));
  await it.done();
});

test('from the overview to a task that is well again in at most five clicks', async () => {
  service.broken = true;
  const id = await start('flaky', order());
  await until(id, 'blocked_by_failures');
  service.broken = false;
  const it = await page();
  await it.open('');
  let clicks = 0;
  const click = async (locator) => {
    clicks += 1;
    await locator.click();
  };
  await click(it.locator('.tile', { hasText: 'Blocked tasks' }));
  await click(it.locator('tbody tr', { hasText: 'flaky' }).locator('a').first());
  await click(it.getByRole('button', { name: /^Redrive/ }));
  await it.getByLabel('Reason').fill('provider is back');
  await click(it.getByRole('dialog').getByRole('button', { name: 'Redrive' }));
  await it.locator('.meta .state', { hasText: 'Complete' }).waitFor();
  assert.ok(clicks <= 5, `${clicks} clicks`);
  await it.done();
});

test('the dialog does nothing without a reason, and Escape leaves everything as it is', async () => {
  const it = await page();
  await it.open(`tasks/${seen.blocked}`);
  await it.getByRole('button', { name: /^Cancel/ }).click();
  await it.getByRole('dialog').getByRole('button', { name: 'Cancel the task' }).click({ force: true });
  await pause(200);
  assert.ok(await it.getByRole('dialog').isVisible());
  await it.keyboard.press('Escape');
  await it.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal((await api(`/v1/tasks/${seen.blocked}`)).body.status, 'blocked_by_failures');
  await it.done();
});

test('new tasks wait behind a number, and nothing moves', async () => {
  const it = await page();
  await it.open('tasks');
  await it.locator('tbody tr').first().waitFor();
  const first = await it.locator('tbody tr .c-id').first().getAttribute('title');
  const ids = [await start('order', order()), await start('order', order())];
  await it.getByRole('button', { name: '2 new' }).waitFor();
  assert.equal(await it.locator('tbody tr .c-id').first().getAttribute('title'), first);
  await it.keyboard.press('n');
  assert.equal(await it.locator('tbody tr .c-id').first().getAttribute('title'), ids[1]);
  await it.done();
});

test('one box finds a task by whatever is pasted', async () => {
  const it = await page();
  await it.open('');
  for (const text of [seen.complete, 'web', seen.key]) {
    await it.keyboard.press('/');
    await it.getByRole('combobox').waitFor();
    await it.keyboard.type(text);
    await it.getByRole('option', { name: /order/ }).first().waitFor();
    await it.keyboard.press('Escape');
    await it.getByRole('combobox').waitFor({ state: 'detached' });
  }
  await it.keyboard.press('Control+k');
  await it.getByRole('combobox').waitFor();
  await it.keyboard.type(seen.complete);
  await it.getByRole('option', { name: /Open the task/ }).waitFor();
  await it.keyboard.press('Enter');
  await it.waitForURL((url) => url.pathname.endsWith(seen.complete));
  await it.done();
});

test('filters are in the address and shown as chips', async () => {
  const it = await page();
  await it.open('tasks?tag=wholesale');
  await it.locator('.chip.mine', { hasText: 'Tag wholesale' }).waitFor();
  await it.locator('tbody tr', { hasText: 'refused' }).first().waitFor();
  assert.equal(await it.locator('tbody tr', { hasText: 'order ' }).count(), 0);
  await it.getByRole('button', { name: 'Remove the filter Tag' }).click();
  await it.waitForURL((url) => !url.search);
  await it.goBack();
  await it.locator('.chip.mine', { hasText: 'Tag wholesale' }).waitFor();
  await it.done();
});

test('many tasks are redriven with a preview, and the operation is followed', async () => {
  const ids = [await start('refused', order(), { tags: ['bulk'] }), await start('refused', order(), { tags: ['bulk'] })];
  for (const id of ids) await until(id, 'blocked_by_failures');
  const it = await page();
  await it.open('tasks?tag=bulk');
  await it.getByLabel('Select all that are shown').check();
  await it.getByRole('button', { name: 'Redrive…' }).click();
  await it.getByLabel('Reason').fill('trying again');
  await it.getByRole('button', { name: 'Preview' }).click();
  await it.locator('.preview', { hasText: '2 tasks are concerned' }).waitFor();
  await it.getByRole('button', { name: 'Redrive 2 tasks' }).click();
  await it.getByRole('link', { name: 'Follow' }).click();
  await it.locator('.state', { hasText: 'Complete' }).waitFor({ timeout: 30000 });
  await it.done();
});

test('a dead letter is requeued from the desk', async () => {
  service.broken = true;
  const id = await start('flaky', order());
  await until(id, 'blocked_by_failures');
  service.broken = false;
  const entry = (await api(`/v1/dlq/task/${id}`)).body.items[0].dlq_entry_id;
  const it = await page();
  await it.open(`dlq/${entry}`);
  await it.locator('.callout').waitFor();
  await it
    .getByRole('button', { name: /^Requeue…/ })
    .first()
    .click();
  await it.getByLabel('Reason').fill('provider is back');
  await it.getByRole('dialog').getByRole('button', { name: 'Requeue' }).click();
  await until(id, 'complete');
  assert.equal((await api(`/v1/dlq/entry/${entry}`)).body.resolution_notes, 'provider is back');
  await it.done();
});

test('analytics show what ran, and what failed most', async () => {
  const it = await page();
  await it.open('analytics/errors?hours=1');
  const main = it.locator('#main');
  await main.getByText('Tasks created', { exact: true }).waitFor();
  // What has just ended is counted some seconds later.
  const row = main.getByRole('row', { name: /charge in refused.*Refused/ });
  await row.waitFor({ timeout: 30_000 });
  await row.getByRole('link', { name: 'charge' }).click();
  await main.getByRole('button', { name: 'Remove the filter Template' }).waitFor();
  assert.match(it.url(), /hours=1&.*name=refused/);
  await main.getByRole('row', { name: /^price in refused/ }).waitFor();
  assert.equal(await main.getByRole('row', { name: /in order/ }).count(), 0);
  await main.getByRole('img', { name: /^Tasks per .*failed or blocked$/ }).waitFor();
  await main.getByRole('button', { name: 'Remove the filter Template' }).click();
  await main.getByRole('row', { name: /^ship in order/ }).waitFor({ timeout: 30_000 });
  assert.deepEqual(await it.said(), []);
  await it.done();
});

test('markup in every text field is shown as text and runs nowhere', async () => {
  const evil = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>';
  const short = '<img src=x onerror=window.hurt=1>';
  const id = await start(
    'refused',
    { order_id: short, note: evil, [evil]: evil },
    { tags: [short], initiator: short, source_system: short, reason: evil, correlation_id: short },
  );
  await until(id, 'blocked_by_failures');
  await api(`/v1/tasks/${id}`, { method: 'PATCH', body: { action: 'pause', reason: evil } });
  const entry = (await api(`/v1/dlq/task/${id}`)).body.items[0].dlq_entry_id;
  await api(`/v1/dlq/entry/${entry}`, { method: 'PATCH', body: { resolution_status: 'pending', resolution_notes: evil } });
  const it = await page();
  for (const path of [
    `tasks/${id}?step=charge`,
    `tasks/${id}/data`,
    `tasks/${id}/audit`,
    `tasks/${id}/json`,
    `tasks/${id}/steps`,
    `tasks/${id}/logs`,
    `tasks/${id}/timeline`,
    'tasks',
    `tasks?tag=${encodeURIComponent(short)}`,
    `tasks?q=${encodeURIComponent(evil)}`,
    `dlq/${entry}`,
    'settings/audit',
    'analytics/errors',
    '',
  ]) {
    await it.open(path);
    await pause(500);
    assert.equal(await it.evaluate(() => window.hurt), undefined, path);
    assert.equal(await it.locator('img').count(), 0, path);
  }
  await it.open(`tasks/${id}/data`);
  await it.getByText('window.hurt=1').first().waitFor();
  assert.deepEqual(await it.said(), []);
  await it.done();
});

test('no page breaks its policy, fails, or asks another host', async () => {
  const it = await page();
  for (const [name, path] of places(seen)) {
    await it.open(path);
    await pause(350);
    assert.deepEqual(await it.said(), [], name);
  }
  await it.done();
});

for (const theme of ['light', 'dark']) {
  test(`no page has a fault of accessibility, ${theme}`, async () => {
    const it = await page({ theme });
    const faults = [];
    for (const [name, path] of places(seen)) {
      await it.open(path);
      await pause(450);
      // By the debugger, which the policy of the page does not concern.
      await it.evaluate(axe);
      const found = await it.evaluate(() =>
        window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }),
      );
      for (const fault of found.violations)
        faults.push(
          `${name}: ${fault.id}: ${fault.nodes
            .slice(0, 3)
            .map((node) => `${node.target} ${node.any[0]?.message ?? ''}`)
            .join('; ')}`,
        );
    }
    assert.deepEqual(faults, []);
    await it.done();
  });
}

test('a viewer sees no action, and cannot act by other means', async () => {
  const it = await page({ key: viewer });
  for (const path of [
    '',
    'tasks',
    `tasks/${seen.blocked}?step=charge`,
    'templates',
    'templates/shop/order',
    `dlq/${seen.entry}`,
    'triggers',
    'bulk',
  ]) {
    await it.open(path);
    await pause(500);
    for (const name of [
      /^Redrive/,
      /^Pause/,
      /^Cancel/,
      /^Clone/,
      /^Reset/,
      /^Resolve/,
      /^Complete…/,
      /^Requeue/,
      /^Give up/,
      /^Start/,
      /^Disable/,
      /^Promote/,
      /^Stop/,
    ]) {
      assert.equal(await it.locator('#main').getByRole('button', { name }).count(), 0, `${path}: ${name}`);
    }
    assert.equal(await it.getByLabel('Select all that are shown').count(), 0);
    assert.equal(await it.getByRole('link', { name: 'Start a task' }).count(), 0);
  }
  const forged = await it.evaluate(
    async (id) =>
      (
        await fetch(new URL(`../v1/tasks/${id}`, document.baseURI), {
          method: 'PATCH',
          headers: { 'content-type': 'application/json', 'x-tasker-request': '1' },
          body: '{"action":"redrive"}',
        })
      ).status,
    seen.blocked,
  );
  assert.equal(forged, 403);
  await it.done();
});

test('without credentials there is a page to log in, and nothing else', async () => {
  const it = await page({ key: null });
  await it.open('tasks');
  await it.getByLabel('API key').waitFor();
  assert.equal(await it.locator('.nav').count(), 0);
  await it.getByLabel('API key').fill('tsk_nonsense');
  await it.getByRole('button', { name: 'Log in' }).click();
  await it.locator('.err', { hasText: /\w/ }).waitFor();
  await it.done();
});

test('one logs in with a key, acts by the session, and logs out', async () => {
  const it = await page({ key: null });
  await it.open(`tasks/${seen.blocked}`);
  await it.getByLabel('API key').fill(admin);
  await it.keyboard.press('Enter');
  await it.locator('.meta .state', { hasText: 'Blocked by failures' }).waitFor();
  assert.deepEqual(await it.evaluate(() => [document.cookie, Object.values(localStorage).filter((text) => text.includes('tsk_'))]), [
    '',
    [],
  ]);
  await it.reload();
  await it.getByRole('button', { name: /^Pause/ }).click();
  await it.getByLabel('Reason').fill('looking at it');
  await it.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
  await it.locator('.meta .state', { hasText: 'Paused' }).waitFor();
  await api(`/v1/tasks/${seen.blocked}`, { method: 'PATCH', body: { action: 'resume', reason: 'seen' } });
  await it.open('settings/sessions');
  await it
    .getByRole('cell', { name: /HeadlessChrome/ })
    .first()
    .waitFor();
  await it.open('settings');
  await it.getByRole('button', { name: 'Log out' }).click();
  await it.getByLabel('API key').waitFor();
  await it.reload();
  await it.getByLabel('API key').waitFor();
  await it.done();
});

test('behind a proxy under another path, everything is where it belongs', async () => {
  const front = await proxy('/ops/tasker/');
  const it = await page({ base: front.url });
  await it.goto(front.url.slice(0, -1).replace(/\/$/, '') + '/console');
  await it.locator('.tile').first().waitFor();
  await it
    .getByRole('link', { name: /^Tasks/ })
    .first()
    .click();
  await it.locator('tbody tr a').first().click();
  await it.waitForURL(/\/ops\/tasker\/console\/tasks\/[0-9a-f-]{36}/);
  await it.reload();
  await it.locator('.prog').waitFor();
  assert.deepEqual(await it.said(), []);
  await it.done();
  await front.end();
});

test('the page says since when the server is away, and catches up without a reload', async () => {
  const front = await proxy('/');
  const it = await page({ base: front.url });
  await it.open('tasks?name=order');
  await it.locator('tbody tr').first().waitFor();
  const rows = await it.locator('tbody tr').count();
  await front.end();
  await it.locator('.outage', { hasText: /Server unreachable since \d\d:\d\d:\d\d/ }).waitFor({ timeout: 15000 });
  assert.equal(await it.locator('tbody tr').count(), rows);
  const id = await start('order', order());
  await front.begin();
  await it.locator('.outage').waitFor({ state: 'detached', timeout: 20000 });
  await it.getByRole('button', { name: /new$/ }).click({ timeout: 15000 });
  await it.locator(`[title="${id}"]`).waitFor();
  await it.done();
  await front.end();
});

test('a task of a thousand steps is soon there, and only what is seen is drawn', async () => {
  const it = await page();
  await it.open('');
  const begun = Date.now();
  await it.open(`tasks/${seen.many}`);
  await it.locator('.graph .node').first().waitFor();
  const graph = Date.now() - begun;
  await it.getByRole('link', { name: /^Steps/ }).click();
  await it.locator('.tlscroll tbody tr').nth(5).waitFor();
  assert.ok(graph < 3000, `${graph} ms`);
  assert.ok((await it.locator('.tlscroll tbody tr').count()) < 100);
  const scrolled = await it.evaluate(async () => {
    const box = document.querySelector('.tlscroll');
    for (let i = 0; i < 30; i += 1) {
      box.scrollTop += 800;
      await new Promise((done) => {
        setTimeout(done, 60);
      });
    }
    return box.scrollTop;
  });
  assert.ok(scrolled > 3000);
  assert.ok((await it.locator('.tlscroll tbody tr').count()) < 120);
  await it.getByRole('link', { name: 'Timeline' }).click();
  await it.locator('.gantt .lane').first().waitFor();
  await it.done();
});

test('the time of a task can be gone back', async () => {
  const it = await page();
  await it.open(`tasks/${seen.complete}`);
  await it.getByRole('button', { name: 'Past', exact: true }).click();
  await it.getByLabel('Moment', { exact: true }).waitFor();
  await it.getByLabel('Moment', { exact: true }).fill('0');
  await it.locator('.graph .n-done').nth(2).waitFor({ state: 'detached' });
  await it.done();
});

test('the first view is small and soon there', async () => {
  const it = await page();
  await it.open('');
  await it.locator('.tile').first().waitFor();
  await pause(500);
  const paint = await it.evaluate(
    () => performance.getEntriesByType('paint').find((one) => one.name === 'first-contentful-paint')?.startTime ?? 0,
  );
  const [files, bytes] = await it.evaluate(() => {
    const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].filter((one) =>
      one.name.includes('/console/'),
    );
    return [all.length, all.reduce((sum, one) => sum + one.encodedBodySize, 0)];
  });
  console.log(`first view: ${files} files, ${Math.round(bytes / 1024)} KiB, first paint after ${Math.round(paint)} ms`);
  assert.ok(bytes < 200 * 1024, `${bytes} bytes`);
  assert.ok(paint < 2000, `${paint} ms`);
  await it.done();
});

test('on a narrow screen nothing is wider than the screen', async () => {
  const it = await page({ width: 390, height: 844 });
  for (const [name, path] of places(seen)) {
    await it.open(path);
    await pause(250);
    const over = await it.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(over <= 0, `${name} is ${over} px too wide`);
  }
  await it.getByRole('button', { name: 'Menu' }).click();
  await it.getByRole('link', { name: 'DLQ desk' }).waitFor();
  await it.done();
});
