// Letters on paper: the comms team takes the list, records it as posted, a reader opens the page with the code that the
// letter prints, and the letter comes back.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { check } from './lib.mjs';

/** Takes the list of letters: the one line below its head, by column. None of its cells has a comma or a quote. */
export async function take(page, base) {
  await page.goto(`${base}/console/incidents/walk/letters`);
  await check(page, 'letters-none');
  const list = page.locator('tr').filter({ hasText: 'People whom no e-mail reaches' });
  await list.locator('summary').click();
  const rehearsal = page.locator('dialog[open], details.sure[open]').locator('input[name="anyway"]');
  if (await rehearsal.count() > 0) await rehearsal.check();
  await page.locator('dialog[open], details.sure[open]').getByRole('button', { name: 'Take this list' }).click();
  await page.waitForURL(/did=listed/);
  const arrives = page.waitForEvent('download');
  await page.locator(new URL(page.url()).hash).getByRole('button', { name: 'Download the file' }).click();
  const file = readFileSync(await (await arrives).path(), 'utf8');
  const [head, line, ...rest] = file.trim().split('\r\n').join('\n').split('\n');
  assert.equal(rest.length, 0, file);
  const cells = line.split(',');
  return Object.fromEntries(head.split(',').map((column, n) => [column, cells[n]]));
}

/** Records the list as posted today, at the size of a phone. */
export async function post(page, base) {
  await page.goto(`${base}/console/incidents/walk/letters`);
  await check(page, 'letters-waiting');
  await page.setViewportSize({ width: 360, height: 740 });
  await page.getByRole('button', { name: 'Record as posted' }).click();
  await page.getByText('the letters of this list were posted').waitFor();
  await check(page, 'letters-posted');
  await page.goto(`${base}/console/incidents/walk/account`);
  const tile = page.locator('.tile').filter({ hasText: 'Notified by post' });
  assert.match(await tile.innerText(), /\b1\b/);
}

/** Opens the page behind the letter's link with the code that it prints. */
export async function read(page, base, letter) {
  await page.goto(base + new URL(letter.status_link).pathname);
  await check(page, 'status-by-letter', { strict: true });
  await page.getByLabel('Code in the letter').fill('0000-0000-00');
  await page.getByRole('button', { name: 'See my details' }).click();
  await page.locator('#letter-fault').waitFor();
  await check(page, 'status-by-letter-refused', { strict: true });
  await page.getByLabel('Code in the letter').fill(letter.letter_code.toLowerCase());
  await page.getByRole('button', { name: 'See my details' }).click();
  await page.getByText(letter.name).waitFor();
  await check(page, 'status-by-letter-open', { strict: true });
}

/** Reports the letter as returned, with a line that names none; the person needs a letter again. */
export async function comesBack(page, base, letter) {
  await page.goto(`${base}/console/incidents/walk/letters`);
  const report = `letter_code,reason\n${letter.letter_code},moved away\n0000-0000-00,unknown\n`;
  await page.getByLabel('The report').setInputFiles({
    name: 'returned.csv', mimeType: 'text/csv', buffer: Buffer.from(report),
  });
  await page.getByRole('button', { name: 'Record letters that came back' }).click();
  await page.getByText('1 letter is recorded.').first().waitFor();
  await check(page, 'letters-refused');
  assert.match(await page.locator('#lists + .scroll').innerText(), /no e-mail reaches[\s\S]*?\b1\b/);
}
