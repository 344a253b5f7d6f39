// A person at a real browser: opens pages, and holds each to what every page owes its reader.
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const SIZES = {
  desk: { width: 1280, height: 900 },
  phone: { width: 360, height: 740 },
};

/** Starts the system's Chromium; nothing in it may call out by itself. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: [
      '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
}

/** A server of pages for a test, by an answerer as of node:http; where it is, and how to end it. */
export async function serve(answer) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => { server.closeAllConnections(); server.close(); };
  return { base: `http://127.0.0.1:${server.address().port}`, close };
}

/**
 * Runs the steps in order and closes the browser in any case; returns the number of steps that succeeded. The first
 * failure is the last step, since later steps depend on it. Its error goes to standard error, and the exit code is 1.
 *
 * `about`: further information for a failed step. Each wait has its own limit; after `minutes` the process ends in any
 * case.
 */
export async function go(browser, steps, { minutes = 5, about = async () => '' } = {}) {
  const late = () => { console.error(`FAILED: not through after ${minutes} minutes`); process.exit(1); };
  setTimeout(late, minutes * 60_000).unref();
  let done = 0;
  try {
    for (const [name, step] of Object.entries(steps)) {
      const begun = Date.now();
      await step().catch(async (error) => {
        throw new Error(`“${name}” ${await about().catch(() => '')}\n${error.stack}`);
      });
      console.log(`ok: ${name} (${Date.now() - begun} ms)`);
      done += 1;
    }
  } catch (error) {
    console.error(`FAILED: ${error.message}`);
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
  return done;
}

/** What a page said on its console or threw, kept until the next check of it. */
const complaints = new WeakMap();
/** Pages of people without script. */
const plain = new WeakSet();

/** A person with cookies of their own: the page they look at. `page.context().close()` ends it. */
export async function person(browser, options = {}) {
  const context = await browser.newContext({
    viewport: SIZES.desk, locale: 'en-US', timezoneId: 'UTC', reducedMotion: 'reduce', ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  complaints.set(page, []);
  if (options.javaScriptEnabled === false) plain.add(page);
  page.on('console', (message) => {
    // A form that is refused answers 422; that Chromium says so of a script's request is no fault of the page.
    const refused = message.text().includes('status of 422');
    if (['error', 'warning'].includes(message.type()) && !refused) {
      complaints.get(page).push(`console: ${message.text()}`);
    }
  });
  page.on('pageerror', (error) => complaints.get(page).push(`script: ${error.message}`));
  return page;
}

/**
 * Holds the page to its duty at both sizes, in light and in dark: no axe violation, nothing wider
 * than the screen, nothing on the console. Throws one error that lists every fault.
 *
 * `strict`: the contrast and target rules of pages that customers read.
 * `expected`: a RegExp of complaints that belong to the page, as of a 404 that the walk asks for.
 * Without script a page is not held to axe, which waits for timers of the page that never come.
 *
 * The browser's size is the desk's afterwards. With CANDOR_SHOTS set, pictures go there.
 */
export async function check(page, name, { strict = false, expected } = {}) {
  const faults = [];
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      const where = `${size}, ${colorScheme}`;
      faults.push(...(await violations(page, strict)).map((fault) => `${where}: ${fault}`));
      await shoot(page, `${name}-${size}-${colorScheme}`);
    }
    faults.push(...(await overflow(page)).map((fault) => `${size}: ${fault}`));
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize(SIZES.desk);
  const said = complaints.get(page).splice(0);
  faults.push(...said.filter((complaint) => !expected?.test(complaint)));
  if (faults.length > 0) {
    throw new Error(`${name} (${page.url()}) has faults:\n  ${faults.join('\n  ')}`);
  }
}

async function violations(page, strict) {
  if (plain.has(page)) return [];
  // Evaluated rather than added as a tag, which a strict Content-Security-Policy refuses.
  await page.evaluate(axe);
  const found = await page.evaluate((enabled) => {
    const rules = { 'color-contrast-enhanced': { enabled }, 'target-size': { enabled: true } };
    // A sandboxed frame, as around a letter, runs no script: asking it would only be noise.
    return globalThis.axe.run(document, { rules, resultTypes: ['violations'], iframes: false });
  }, strict);
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id} (${help}): ${node.html.slice(0, 160)}`));
}

/** The elements that make the page scroll sideways, the innermost ones only. */
function overflow(page) {
  return page.evaluate(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const sticksOut = (element) => element.getBoundingClientRect().right > root.clientWidth + 0.5;
    const culprits = [...document.body.querySelectorAll('*')]
      .filter((element) => sticksOut(element) && ![...element.children].some(sticksOut));
    const width = `${root.scrollWidth} px wide on a screen of ${root.clientWidth}`;
    return [`${width}: ${culprits.slice(0, 3).map((element) => element.outerHTML.slice(0, 120)).join(' · ')}`];
  });
}

async function shoot(page, name) {
  if (!process.env.CANDOR_SHOTS) return;
  mkdirSync(process.env.CANDOR_SHOTS, { recursive: true });
  await page.screenshot({ path: join(process.env.CANDOR_SHOTS, `${name}.png`), fullPage: true });
}
