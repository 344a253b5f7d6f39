// Actions of every member of staff: sign in, press a button that asks for confirmation, sign out.
import { check } from './lib.mjs';

/** Signs in by the form. */
export async function enter(page, base, account) {
  await page.goto(`${base}/console`);
  await check(page, 'sign-in');
  await page.getByLabel('E-mail address').fill(account.email);
  await page.getByLabel('Password').fill(account.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

/** Presses a button of a page; if it asks for confirmation, the button of the question. */
export async function press(page, words) {
  const summary = page.locator('details.sure > summary').filter({ hasText: words });
  if (await summary.count() > 0) {
    await summary.first().click();
    const asked = page.locator('dialog[open], details.sure[open]');
    for (const box of await asked.locator('input[type="checkbox"][required]').all()) await box.check();
    await Promise.all([page.waitForEvent('load'), asked.locator('button.firm').first().click()]);
  } else {
    const button = page.locator('.actions button').filter({ hasText: words });
    await Promise.all([page.waitForEvent('load'), button.first().click()]);
  }
}

/** Signs out. */
export async function leave(page) {
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Sign out' }).click()]);
}
