// What the script does by itself, with a clock that is turned forward.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { launch, person, serve } from './lib.mjs';

const script = await readFile(new URL('../../src/web/site.js', import.meta.url));
const page = (n) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A campaign</title>
  <link rel="icon" href="data:,"><script src="/site.js" type="module"></script></head>
  <body><main data-live-from="/live" data-status="sending"><h1>A campaign</h1>
  <section data-fresh><p id="drawn">drawn ${n}</p><details><summary>As a table</summary></details></section>
  <p id="kept">loaded ${n}</p></main></body></html>`;

let server, browser, base;
let loads = 0;
before(async () => {
  server = await serve((request, response) => {
    const [kind, body] = {
      '/campaign': () => ['text/html', page(loads += 1)],
      '/site.js': () => ['text/javascript', script],
      '/live': () => ['text/event-stream', null],
    }[request.url]();
    response.writeHead(200, { 'content-type': kind });
    if (body === null) response.write(': open\n\n');
    else response.end(body);
  });
  base = server.base;
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.close();
});

test('what is drawn comes anew every minute, unless somebody reads its table', async () => {
  const reader = await person(browser);
  await reader.clock.install();
  await reader.goto(`${base}/campaign`);
  await reader.clock.runFor(61_000);
  await reader.getByText('drawn 2', { exact: true }).waitFor();
  assert.equal(await reader.locator('#kept').innerText(), 'loaded 1');

  await reader.locator('summary').click();
  await reader.clock.runFor(120_000);
  await reader.locator('summary').click();
  await reader.clock.runFor(61_000);
  assert.ok(await reader.locator('summary').evaluate((it) => it === document.activeElement), 'it keeps the focus');
  await reader.locator('h1').click();
  await reader.clock.runFor(61_000);
  await reader.getByText('drawn 3', { exact: true }).waitFor();
  assert.equal(loads, 3);
  await reader.context().close();
});
