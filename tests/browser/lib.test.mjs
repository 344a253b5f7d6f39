// The checker is checked: it passes a good page and names each fault of bad ones.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { check, launch, person, serve } from './lib.mjs';

const page = (body, head = '') => `<!doctype html><html lang="en"><head><meta charset="utf-8">
  <title>A page</title><link rel="icon" href="data:,">
  <meta name="viewport" content="width=device-width, initial-scale=1">${head}</head>
  <body><main><h1>A page</h1>${body}</main></body></html>`;

const pages = {
  '/good': page('<p>Everything <a href="/good">is well</a>.</p>'),
  '/unnamed': page('<input>'),
  '/wide': page('<div style="width: 700px">wide</div>'),
  '/grey': page('<p style="color: #707070; background: #fff">grey</p>'),
  '/dark': page('<p>dim</p>', `<style>@media (prefers-color-scheme: dark)
    { body { background: #000; color: #333 } }</style>`),
  '/script': page('<script>missing()</script>'),
};

// As strict as Candor's own, but for the faults that are the point here.
const policy = "default-src 'self'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

let server, browser, base;
before(async () => {
  server = await serve((request, response) => {
    const body = pages[request.url];
    response.writeHead(body ? 200 : 404, {
      'content-type': 'text/html', 'content-security-policy': policy,
    });
    response.end(body ?? page('<p>Nothing here.</p>'));
  });
  base = server.base;
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.close();
});

async function visit(path, options) {
  const reader = await person(browser);
  await reader.goto(base + path);
  await check(reader, path.slice(1), options).finally(() => reader.context().close());
}

test('a good page passes, on customer terms too', () => visit('/good', { strict: true }));
test('a field without a name is found', () => assert.rejects(visit('/unnamed'), /desk, light: label/));
test('a page wider than a phone is found, on the phone only', () =>
  assert.rejects(visit('/wide'), (error) =>
    /phone: \d+ px wide on a screen of 360: <div/.test(error.message) && !/desk:/.test(error.message)));
test('weak contrast passes for staff and not for customers', async () => {
  await visit('/grey');
  await assert.rejects(visit('/grey', { strict: true }), /color-contrast-enhanced/);
});
test('weak contrast in the dark is found', () => assert.rejects(visit('/dark'), /desk, dark: color-contrast/));
test('a script error is found', () => assert.rejects(visit('/script'), /script: missing is not defined/));
test('a missing page is a fault unless it is expected', async () => {
  await assert.rejects(visit('/gone'), /console: .*404/);
  await visit('/gone', { expected: /status of 404/ });
});
