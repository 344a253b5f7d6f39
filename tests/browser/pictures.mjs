// Takes the pictures of the README from a running demo.
//   node pictures.mjs PROGRAM DIRECTORY
// The demo runs twice on one directory. The first run makes the master key and prints the accounts, whose passwords
// follow from that key. The second run starts with an empty database and a slow relay, so that there is time
// to look at a campaign while it is sent.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, person } from './lib.mjs';
import { letters } from './mail.mjs';

/** Octets of a picture at most. */
const LARGEST = 150_000;
/** Messages a second of the relay in the second run. */
const RATE = 60;
/** The campaign is taken when this part of it was sent, in per cent. */
const PART = 60;

const [program, target] = process.argv.slice(2);
if (!program || !target) {
  console.error('usage: node pictures.mjs PROGRAM DIRECTORY');
  process.exit(2);
}
const directory = mkdtempSync(join(tmpdir(), 'candor-pictures-'));
// Where this runs as root, the account of Postgres must reach its files.
chmodSync(directory, 0o755);
const outbox = join(directory, 'outbox');
const [port, metrics] = [await freePort(), await freePort()];
const base = `http://127.0.0.1:${port}`;
const settings = join(directory, 'pictures.toml');
writeFileSync(settings, `[[mail.relays]]
name = "primary"
url = "file://${outbox}"
connections = 16
rate_per_second = ${RATE}
`);
mkdirSync(target, { recursive: true });

let running;
const browser = await launch();
try {
  console.log('a demo, for its accounts');
  const first = demo('--once');
  await first.ended;
  const account = /^ +(comms@\S+) +([0-9a-f]{16})/m.exec(first.output());
  if (!account) throw new Error(`the demo printed no account:\n${first.output()}`);
  console.log('the demo, with a slow relay');
  running = demo('--fresh', '--config', settings);
  await takeCampaign({ email: account[1], password: account[2] });
  console.log('waiting for the end of the run');
  await running.says(/^A status link: /m, 20);
  await takeCustomer(englishLink());
} finally {
  await browser.close();
  if (running) {
    running.process.kill('SIGTERM');
    await running.ended.catch(() => {});
  }
  rmSync(directory, { recursive: true, force: true });
}

/** A free TCP port of this machine. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts `candor demo` with these arguments: its process, its output so far, its end, and a wait for a line. */
function demo(...args) {
  const env = {
    ...process.env, CANDOR__HTTP__LISTEN: `127.0.0.1:${port}`, CANDOR__HTTP__METRICS_LISTEN: `127.0.0.1:${metrics}`,
  };
  const child = spawn(program, ['demo', '--dir', directory, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => { output += text; });
  const ended = once(child, 'exit').then(([code]) => {
    if (code) throw new Error(`candor demo ended with ${code}:\n${output}`);
  });
  ended.catch(() => {});
  const says = (words, minutes) => until(minutes, `the demo to print ${words}`, () => {
    if (child.exitCode !== null) throw new Error(`the demo ended:\n${output}`);
    return words.exec(output);
  });
  return { process: child, output: () => output, ended, says };
}

/** What `look` returns once it returns something, within some minutes. */
async function until(minutes, what, look) {
  for (const end = Date.now() + minutes * 60_000; Date.now() < end;) {
    const found = await look();
    if (found) return found;
    await new Promise((later) => setTimeout(later, 500));
  }
  throw new Error(`waited ${minutes} minutes for ${what}`);
}

/** The campaign's page, once PART per cent of the largest campaign were sent. */
async function takeCampaign({ email, password }) {
  const page = await person(browser);
  const answers = () => fetch(`${base}/healthz`).then((answer) => answer.ok, () => false);
  await until(5, 'the demo to answer', answers);
  await page.goto(`${base}/console`);
  // The account exists a moment after the demo answers.
  await until(2, 'the account', async () => {
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    return page.getByRole('button', { name: 'Sign out' }).isVisible();
  });
  const path = await until(10, 'a campaign', async () => {
    await page.goto(`${base}/console/campaigns`);
    return page.locator('a[href^="/console/campaigns/cmp_"]').first().getAttribute('href', { timeout: 1_000 })
      .catch(() => null);
  });
  await page.goto(base + path);
  await until(15, `${PART} per cent`, async () => {
    const words = await page.locator('main').innerText();
    const part = /(\d+)(?:\.\d+)? ?%/.exec(words);
    if (part && Number(part[1]) >= PART) return true;
    await page.reload();
    return false;
  });
  // The page's events bring rate and time left a few seconds after it is loaded.
  await page.locator('[data-live="pace"]').filter({ hasText: /left/ }).waitFor({ timeout: 60_000 });
  await take(page, 'campaign.png', { width: 1_280, height: 860 });
}

/** The status link of the newest notice to a person who reads English. */
function englishLink() {
  const notice = letters(outbox).find(({ text }) => text.includes('Dear ') && text.includes(`${base}/s/`));
  if (!notice) throw new Error('no notice in English has a status link');
  return /http:\S+\/s\/[\w-]+/.exec(notice.text)[0];
}

/** The customer's page, opened with the code that is mailed to them. */
async function takeCustomer(link) {
  const page = await person(browser);
  await page.goto(link);
  const before = letters(outbox).length;
  await page.getByRole('button', { name: 'Send me a code' }).click();
  const code = await until(2, 'the code', () => {
    const all = letters(outbox);
    return all.slice(0, all.length - before).map((one) => /^(\d{6})\s*$/m.exec(one.text)).find(Boolean);
  });
  await page.getByLabel('Code from the e-mail').fill(code[1]);
  await page.getByRole('button', { name: 'See my details' }).click();
  await page.getByRole('button', { name: 'See my details' }).waitFor({ state: 'detached' });
  await take(page, 'customer.png', { width: 900, height: 860 });
}

/** The top of a page in a window of this size, as a file. */
async function take(page, name, size) {
  await page.setViewportSize(size);
  await page.evaluate(() => globalThis.scrollTo(0, 0));
  const path = join(target, name);
  await page.screenshot({ path });
  const octets = statSync(path).size;
  if (octets > LARGEST) throw new Error(`${path} has ${octets} octets, more than ${LARGEST}`);
  console.log(`${path}: ${octets} octets`);
  await page.context().close();
}
