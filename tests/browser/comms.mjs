// Walk (a), for the comms team: from the list of affected people to the notice and its figure.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from './lib.mjs';
import { press } from './desk.mjs';

const LIST = `reference,email,name,locale,jurisdiction,elements,address
B-1,ana@example.org,Ana Moreno,en,US-CA,name;ssn;phone,
B-2,bo@example.org,Bø <b>Lind</b>,en,US-WA,name;phone,
B-3,,Cyrus Post,en,US-CA,name,12 Elm Street
B-4,nowhere,Dee,en,US-CA,shoe_size,
`;

const BODY = `Dear {{ name }},

{{ facts.what_happened }} Taken of yours: {{ elements }}.

{{ guidance }}

Your page: {{ status_link }}

Code: {{ notice_code }}`;

/** Opens the incident and publishes a first update. */
export async function openIncident(page, base) {
  await page.goto(`${base}/console/incidents`);
  await check(page, 'incidents-empty');
  await page.getByLabel('Title').fill('Theft of data');
  await page.getByLabel('Address').fill('walk');
  await page.getByLabel('What happened, as far as known').fill('Somebody got into a test system.');
  await page.getByRole('button', { name: 'Open incident' }).click();
  await page.waitForURL(/\/console\/incidents\/walk/);
  await check(page, 'incident-new');
  for (const state of [/Confirm/, /Start scoping/]) await press(page, state);
  await page.getByLabel('What you want to say').fill('We are finding out whose data was copied.');
  await page.getByRole('button', { name: 'Publish update' }).click();
  await page.waitForURL(/\/console\/incidents\/walk/);
  assert.match(await page.locator('main').innerText(), /whose data was copied/);
  await check(page, 'incident-update');
}

/** The connection fails, the page is closed and opened again: the upload of the same file continues where it stopped. */
async function sendOverABadLine(page, address) {
  const file = join(mkdtempSync(join(tmpdir(), 'candor-')), 'affected.csv');
  writeFileSync(file, LIST);
  let dead = true;
  let begun = 0;
  await page.route('**/console/uploads/*', (route) => (dead ? route.abort() : route.continue()));
  page.on('request', (asked) => { begun += asked.method() === 'POST' && asked.url().endsWith('/uploads'); });
  const send = async () => {
    await page.goto(address);
    await page.getByLabel('The affected list').setInputFiles(file);
    await page.getByRole('button', { name: 'Read the file' }).click();
  };
  await send();
  await page.getByText('The connection broke. 0 % is here and stays').waitFor();
  await check(page, 'import-broken', { expected: /ERR_FAILED/ });
  await send();
  await page.getByText('The connection broke. 0 % is here and stays').waitFor();
  dead = false;
  await page.waitForURL(/\/scopes\/\d+/);
  assert.equal(begun, 1, 'it went on with the upload that it had begun');
}

/** Imports a list with a bad row, reads why it was refused, and activates the list without it. */
export async function importList(page, base) {
  await page.goto(`${base}/console/incidents/walk/import`);
  await check(page, 'import');
  await page.getByLabel('The affected list').setInputFiles({
    name: 'affected.csv', mimeType: 'text/csv', buffer: Buffer.from(LIST),
  });
  // An unreadable file is reported at its field; the other file is read from the same page.
  await page.getByLabel('The affected list').setInputFiles({
    name: 'wrong.csv', mimeType: 'text/csv', buffer: Buffer.from('who,what\nme,name\n'),
  });
  await page.getByRole('button', { name: 'Read the file' }).click();
  await page.locator('[data-focus]').waitFor();
  await check(page, 'import-refused');
  await sendOverABadLine(page, `${base}/console/incidents/walk/import`);
  const report = await page.locator('main').innerText();
  assert.match(report, /shoe_size/);
  assert.match(report, /Confirm what it changes/);
  await check(page, 'scope-draft', { expected: /ERR_FAILED/ });
  const [download] = await Promise.all([
    page.waitForEvent('download'), page.getByRole('link', { name: /Download all/ }).click(),
  ]);
  assert.match(readFileSync(await download.path(), 'utf8'), /^reference,.*line,column,reason\r?\nB-4,nowhere,Dee/);
  await page.getByLabel(/rows were refused, and the list takes effect without them/).check();
  await page.getByRole('button', { name: 'Activate with these changes' }).click();
  await page.waitForURL(/\/scopes\/1/);
  assert.match(await page.locator('main').innerText(), /in force/);
  await check(page, 'scope-active');
}

/** Writes the text: a wrong one is refused and kept, then corrected and previewed. */
export async function writeTemplate(page, base) {
  await page.goto(`${base}/console/templates`);
  await check(page, 'templates-empty');
  await page.getByLabel('Name').fill('First notice');
  await page.getByLabel('First language').fill('en');
  await page.getByRole('button', { name: 'Begin template' }).click();
  await page.waitForURL(/\/console\/templates\/tpl_/);
  await check(page, 'template-begun');
  const open = page.locator('details[open]');
  await open.getByLabel('Subject').fill('Notice of data breach');
  await open.getByLabel('Body').fill(`${BODY} {{ oops }}`);
  await page.getByRole('button', { name: 'Save as new version' }).click();
  await page.getByText(/no placeholder/).first().waitFor();
  assert.equal(await page.locator('details[open]').getByLabel('Body').inputValue(), `${BODY} {{ oops }}`);
  await check(page, 'template-refused', { expected: /status of 422/ });
  await page.locator('details[open]').getByLabel('Body').fill(BODY);
  await page.getByRole('button', { name: 'Save as new version' }).click();
  await page.getByText('The new version is saved.').waitFor();
  await page.getByLabel('With the facts of').selectOption({ label: 'Theft of data' });
  await page.getByLabel('For the person with reference').fill('B-1');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByText('Dear Ana Moreno').first().waitFor();
  await check(page, 'template-preview');
}

/** Drafts and submits; returns the path of the campaign. */
export async function submitCampaign(page, base) {
  await page.goto(`${base}/console/campaigns`);
  await check(page, 'campaigns-empty');
  await page.getByLabel('Incident').selectOption({ label: 'Theft of data' });
  await page.getByRole('button', { name: 'Draft campaign' }).click();
  await page.waitForURL(/\/console\/campaigns\/cmp_/);
  await check(page, 'campaign-draft');
  await press(page, /Submit for approval/);
  await page.locator('.badge').getByText('in review', { exact: true }).first().waitFor();
  await check(page, 'campaign-in-review');
  return new URL(page.url()).pathname;
}

/** Opens the page for the approval from the page of the campaign. */
async function decide(page) {
  await page.getByRole('link', { name: 'Read and decide' }).click();
  await page.waitForURL(/\/approval$/);
  await page.frameLocator('iframe').first().getByText('Alex Example').first().waitFor();
}

/** Waives each finding that stops the approval, under the own name and with a reason. */
async function waive(page) {
  const open = page.locator('#findings details').filter({ hasText: 'Waive this finding' });
  const count = await open.count();
  assert.ok(count > 0, 'a finding can be waived');
  await open.first().locator('summary').click();
  await check(page, 'campaign-waive');
  await page.reload();
  for (let left = count; left > 0; left -= 1) {
    assert.equal(await open.count(), left);
    await open.first().locator('summary').click();
    await open.first().getByLabel('Reason').fill('This is an invented breach: no law asks for these words.');
    await Promise.all([page.waitForEvent('load'), open.first().getByRole('button', { name: 'Waive this finding' }).click()]);
    await page.getByText('The finding is waived under your name.').waitFor();
  }
  await check(page, 'campaign-waived');
}

/** The second member of staff reads the page for the approval, waives what rules found, types a wrong password, and approves. */
export async function approve(page, base, campaign, account) {
  await page.goto(`${base}${campaign}`);
  await decide(page);
  await page.locator('#decide').getByText('A rule found something that is not settled.').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Approve' }).count(), 0, 'no approval while a finding is open');
  await check(page, 'campaign-approval-blocked');
  await page.getByRole('link', { name: 'Waive them on the page of the campaign' }).click();
  await page.waitForURL(/#findings$/);
  await waive(page);
  await decide(page);
  await check(page, 'campaign-approval');
  await page.getByLabel('Your password').fill('another password');
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByText('This is not your password.').first().waitFor();
  await check(page, 'campaign-approval-refused', { expected: /status of 422/ });
  await page.getByLabel('Your password').fill(account.password);
  await Promise.all([page.waitForURL(/did=approve/), page.getByRole('button', { name: 'Approve' }).click()]);
  await page.locator('.badge').getByText('approved', { exact: true }).first().waitFor();
  await check(page, 'campaign-approved');
}

/** Launches and watches, without reloading: the page updates itself. */
export async function launch(page, base, campaign) {
  await page.goto(`${base}${campaign}`);
  await press(page, /Launch/);
  await page.locator('.badge').getByText('completed', { exact: true }).first().waitFor({ timeout: 60_000 });
  assert.equal(await page.locator('[data-live=sent]').innerText(), '2');
  await check(page, 'campaign-completed');
  await page.getByRole('link', { name: 'All notices, one by one' }).click();
  await page.waitForURL(/\/notices/);
  await check(page, 'notices');
  await page.locator('a[href^="/console/notices/"]').first().click();
  await page.waitForURL(/\/console\/notices\/ntc_/);
  await check(page, 'notice');
  await page.locator('a[href^="/console/people/"]').click();
  await page.waitForURL(/\/console\/people\/per_/);
  assert.match(await page.locator('main').innerText(), /Known to be exposed then/i);
  await check(page, 'person');
}

/** The account and the people behind its figures, then every other page of the console. */
export async function lookAround(page, base) {
  await page.goto(`${base}/console`);
  await check(page, 'dashboard');
  await page.goto(`${base}/console/incidents/walk`);
  assert.match(await page.locator('main').innerText(), /everyone is accounted for/);
  await check(page, 'incident');
  await page.getByRole('link', { name: /The account by jurisdiction/ }).click();
  await page.waitForURL(/\/account/);
  await check(page, 'account');
  await page.goto(`${base}/console/incidents/walk/people?standing=needs_letter`);
  await check(page, 'people');
  for (const name of ['incidents', 'templates', 'campaigns', 'design', 'outbox']) {
    await page.goto(`${base}/console/${name}`);
    await check(page, name);
  }
  await page.goto(`${base}/console/nowhere`);
  await check(page, 'console-nowhere', { expected: /status of 404/ });
}

/** The pages that auditor and admin see. */
export async function auditAndStaff(page, base) {
  for (const name of ['audit', 'staff']) {
    await page.goto(`${base}/console/${name}`);
    await check(page, name);
  }
}

