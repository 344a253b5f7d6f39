// The comms lead's acts on the pages, one function per act.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { check } from '../lib.mjs';
import { press } from '../desk.mjs';

const csv = (text) => ({ name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });

/** Signs in. */
export async function enter(page, base, account) {
  await page.goto(`${base}/console`);
  await page.getByLabel('E-mail address').fill(account.email);
  await page.getByLabel('Password').fill(account.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

/** Opens the incident and moves it to scoping. */
export async function openIncident(page, base) {
  await page.goto(`${base}/console/incidents`);
  await page.getByLabel('Title').fill('Theft of data');
  await page.getByLabel('Address').fill('walk');
  await page.getByLabel('What happened, as far as known').fill('Somebody got into a test system.');
  await page.getByRole('button', { name: 'Open incident' }).click();
  await page.waitForURL(/\/console\/incidents\/walk/);
  for (const state of [/Confirm/, /Start scoping/]) await press(page, state);
}

/** Adds a fact to the sheet, reads the preview, and publishes. */
export async function publishFacts(page, base) {
  await page.goto(`${base}/console/incidents/walk`);
  await page.getByLabel('Fact 2, key').fill('contact_phone');
  await page.getByLabel('Fact 2, words').fill('+1 800 555 0199');
  await page.getByRole('button', { name: 'Save fact sheet' }).click();
  await page.waitForURL(/did=facts/);
  await page.getByRole('button', { name: 'Save, and preview what becomes public' }).click();
  await page.getByRole('heading', { name: 'Publish the fact sheet' }).waitFor();
  assert.equal(await page.locator('main tbody tr').count(), 2, 'two facts become public');
  await page.getByRole('button', { name: 'Publish exactly this' }).click();
  await page.waitForURL(/did=facts-published/);
}

/** Reads a list as a draft; `draft` says what becomes of one that waits. */
export async function upload(page, base, text, draft) {
  await page.goto(`${base}/console/incidents/walk/import`);
  await page.getByLabel('The affected list').setInputFiles(csv(text));
  await page.getByRole('button', { name: draft ?? 'Read the file' }).click();
  await page.waitForURL(/\/scopes\/\d+/);
}

/** The rejected rows of the draft in the window, as they are downloaded. */
export async function rejects(page) {
  const arrives = page.waitForEvent('download');
  await page.getByRole('link', { name: /Download all/ }).click();
  return readFileSync(await (await arrives).path(), 'utf8');
}

/** Adds corrected rows to the draft in the window. */
export async function addCorrected(page, text) {
  await page.getByLabel('The corrected rows').setInputFiles(csv(text));
  await Promise.all([page.waitForURL(/did=added/), page.getByRole('button', { name: 'Add the corrected rows to this draft' }).click()]);
}

/** Confirms every question of the draft in the window, and that its references name another person; activates it. */
export async function confirm(page) {
  for (const box of await page.locator('input[type="checkbox"][id^="confirm-"]').all()) await box.check();
  for (const answer of await page.locator('input[type="radio"][value^="another:"]').all()) await answer.check();
  await page.getByRole('button', { name: 'Activate with these changes' }).click();
}

/** Writes a template with a text in each of these languages; its address. */
export async function writeTemplate(page, base, name, texts) {
  await page.goto(`${base}/console/templates`);
  await page.getByLabel('Name').fill(name);
  const [first] = Object.keys(texts);
  await page.getByLabel('First language').fill(first);
  await page.getByRole('button', { name: 'Begin template' }).click();
  await page.waitForURL(/\/console\/templates\/tpl_/);
  const address = page.url().split('?')[0];
  for (const [locale, [subject, body]] of Object.entries(texts)) {
    await page.goto(`${address}?locale=${first}`);
    let open = page.locator('details[open]');
    if (locale !== first) {
      await page.getByText('Add a language').click();
      open = page.locator('details').filter({ has: page.getByText('Add a language') });
    }
    await open.getByLabel('Language code').fill(locale);
    await open.getByLabel('Subject').fill(subject);
    await open.getByLabel('Body').fill(body);
    await Promise.all([page.waitForURL(/did=saved/), page.getByRole('button', { name: 'Save as new version' }).click()]);
  }
}

/** Drafts a campaign; its id. */
export async function draft(page, base, { template, kind, audience = '' }) {
  await page.goto(`${base}/console/campaigns`);
  await page.getByLabel('Incident').selectOption({ label: 'Theft of data' });
  // The name of the campaign is that of its template here.
  await page.getByLabel('Name', { exact: true }).fill(template);
  const option = page.getByLabel('Template').locator('option', { hasText: template });
  await page.getByLabel('Template').selectOption(await option.first().getAttribute('value'));
  await page.getByLabel('Kind').selectOption(kind);
  await page.getByLabel('To whom').selectOption(audience);
  await page.getByRole('button', { name: 'Draft campaign' }).click();
  await page.waitForURL(/\/console\/campaigns\/cmp_/);
  return /cmp_\w+/.exec(page.url())[0];
}

/** Acknowledges what the page names and submits; the keys that were acknowledged. */
export async function submit(page, base, id) {
  await page.goto(`${base}/console/campaigns/${id}`);
  const boxes = await page.locator('input[name="acknowledged"]').all();
  const keys = [];
  for (const box of boxes) {
    keys.push(await box.getAttribute('value'));
    await box.check();
  }
  if (boxes.length) await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Acknowledge and submit' }).click()]);
  else await press(page, /Submit for approval/);
  await page.locator('.badge').getByText('in review', { exact: true }).first().waitFor();
  return keys;
}

/** The second member of staff approves; returns the number of people in the question. */
export async function approve(page, base, id, account) {
  await page.goto(`${base}/console/campaigns/${id}/approval`);
  const asked = await page.locator('form').filter({ hasText: 'You approve exactly this content' }).textContent();
  await page.getByLabel('Your password').fill(account.password);
  await Promise.all([page.waitForURL(/did=approve/), page.getByRole('button', { name: 'Approve' }).click()]);
  await page.locator('.badge').getByText('approved', { exact: true }).first().waitFor();
  return Number(/for ([\d,]+) people/.exec(asked)[1].replaceAll(',', ''));
}

/** Launches, and waits until every message has its result; returns the number of people in the question. */
export async function launch(page, base, id) {
  await page.goto(`${base}/console/campaigns/${id}`);
  const asked = await page.locator('details.sure').filter({ hasText: 'Messages go out to' }).textContent();
  await press(page, /Launch/);
  await page.locator('.badge').getByText('completed', { exact: true }).first().waitFor({ timeout: 60_000 });
  return Number(/to ([\d,]+) people/.exec(asked)[1].replaceAll(',', ''));
}

/** Takes a list of letters, by the words of its row; the file. */
export async function take(page, base, words) {
  await page.goto(`${base}/console/incidents/walk/letters`);
  await page.locator('tr').filter({ hasText: words }).locator('summary').click();
  const rehearsal = page.locator('dialog[open], details.sure[open]').locator('input[name="anyway"]');
  if (await rehearsal.count() > 0) await rehearsal.check();
  await page.locator('dialog[open], details.sure[open]').getByRole('button', { name: 'Take this list' }).click();
  await page.waitForURL(/did=listed/);
  const arrives = page.waitForEvent('download');
  await page.locator(new URL(page.url()).hash).getByRole('button', { name: 'Download the file' }).click();
  return readFileSync(await (await arrives).path(), 'utf8');
}

/** The form of a waiting list. */
export const form = (page, list) => page.locator(`#batch-${list}`);

/** Records a list as posted today. */
export async function post(page, base, list) {
  await page.goto(`${base}/console/incidents/walk/letters`);
  await form(page, list).getByRole('button', { name: 'Record as posted' }).click();
  await page.waitForURL(/did=posted/);
}

/** Records that the people of a list were told; confirms those who must not be told by it any more. */
export async function tell(page, base, list) {
  await page.goto(`${base}/console/incidents/walk/letters`);
  for (const box of await form(page, list).getByRole('checkbox').all()) await box.check();
  await form(page, list).getByLabel('How').selectOption('phone');
  await form(page, list).getByLabel('Who was told').fill('next of kin');
  await form(page, list).getByRole('button', { name: 'Record as told' }).click();
  await page.waitForURL(/did=told/);
}

/** Reports letters that came back; the sentence that the page answers with. */
export async function comeBack(page, base, report) {
  await page.goto(`${base}/console/incidents/walk/letters`);
  await page.getByLabel('The report').setInputFiles(csv(report));
  await page.getByRole('button', { name: 'Record letters that came back' }).click();
  const said = page.getByText(/(letters? (is|are)|No letter was) recorded\./).first();
  await said.waitFor();
  return said.textContent();
}

/** Records that one person was told by telephone; the list of one that this makes. */
export async function tellOne(page, base, reference) {
  await page.goto(`${base}/console/incidents/walk/letters`);
  const form = page.locator('form').filter({ hasText: 'Record that they were told' });
  await form.getByLabel('Reference').fill(reference);
  await form.getByLabel('How').selectOption('phone');
  await form.getByLabel('Who was told').fill('the person');
  await Promise.all([page.waitForURL(/did=told/), form.getByRole('button', { name: 'Record that they were told' }).click()]);
  return (await page.locator('#batches + ul .mono').first().textContent()).trim();
}

/** Moves the incident to notifying, or to monitoring with a confirmation of the people who are not told. */
export async function moveOn(page, base, words) {
  await page.goto(`${base}/console/incidents/walk`);
  const asked = page.locator('details.sure').filter({ hasText: 'Some people are not told rightly' });
  if (await asked.count() === 0) return press(page, words);
  await asked.locator('summary').click();
  const form = page.locator('dialog[open], details.sure[open]').filter({ hasText: 'Some people are not told rightly' });
  await form.getByRole('checkbox').check();
  return Promise.all([page.waitForEvent('load'), form.locator('button.firm').click()]);
}

export { check, press };
