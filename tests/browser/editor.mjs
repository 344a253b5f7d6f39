// The editor of templates by keyboard: the preview follows, the menu inserts, a late save keeps what was typed.
import assert from 'node:assert/strict';
import { enter } from './desk.mjs';
import { check, go, launch, person } from './lib.mjs';

const house = JSON.parse(process.env.CANDOR_WALK);
const browser = await launch();
const at = house.base + house.template;
const staff = async (options) => {
  const page = await person(browser, options);
  await enter(page, house.base, house.account);
  return page;
};
const named = (page, name) => page.getByRole('button', { name, exact: true });

const steps = {
  async 'the preview follows what is typed, in every look'() {
    const page = await staff();
    await page.goto(at);
    await check(page, 'editor');
    const body = page.locator('#body-1');
    await body.focus();
    await page.keyboard.press('Control+End');
    await page.keyboard.type(' Typed just now.');
    await page.locator('[data-reads] pre').getByText('Typed just now.').waitFor();
    await page.getByText('What you typed is not saved.').waitFor();
    await page.frameLocator('iframe[name=letter]').getByText('Typed just now.').waitFor();
    assert.ok(await body.evaluate((it) => it === document.activeElement), 'the cursor stays in the text');
    await page.getByLabel('HTML part', { exact: true }).first().selectOption('phone-dark');
    await page.locator('.letter.phone-dark iframe').waitFor();
    await page.frameLocator('iframe[name=letter]').getByText('Typed just now.').waitFor();
    const frame = page.frames().find((one) => one.name() === 'letter');
    const [width, ground] = await frame.evaluate(() => [innerWidth, getComputedStyle(document.body).color]);
    assert.equal(width, 360);
    assert.match(ground, /rgb\(2\d\d, 2\d\d, 2\d\d\)/, 'light words on a dark ground');
    await check(page, 'editor-typed');
    assert.equal(await page.evaluate(() => history.length) < 8, true, 'previews are no steps of the history');

    await page.getByLabel('With the facts of').selectOption({ label: 'Theft of data' });
    await page.getByLabel('Reader', { exact: true }).selectOption('right_to_left');
    await page.getByText('a person who reads or is named from right to left').last().waitFor();
    await page.locator('[data-reads] pre').getByText('سارة').waitFor();
    await check(page, 'editor-right-to-left');
    await page.context().close();
  },
  async 'the menu inserts at the cursor'() {
    const page = await staff();
    await page.goto(at);
    const body = page.locator('#body-1');
    await body.focus();
    await page.keyboard.press('Control+Home');
    await page.getByText('Insert placeholders, blocks and facts').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Insert {{ incident.title }}' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.type(' ');
    assert.match(await body.inputValue(), /^\{\{ incident\.title \}\} Dear/);
    await page.getByRole('button', { name: /^Insert \{\{#if has\.ssn\}\} / }).click();
    await page.keyboard.type('Only for some.');
    assert.match(await body.inputValue(), /\{\{#if has\.ssn\}\}\nOnly for some\.\n\{\{\/if\}\}/);
    await check(page, 'editor-menu');
    await page.context().close();
  },
  async 'without script, all of it is there too'() {
    const page = await staff({ javaScriptEnabled: false });
    await page.goto(at);
    assert.equal(await page.getByText('{{ facts.contact_phone }}').count(), 0);
    const body = page.locator('#body-1');
    await body.fill(`${await body.inputValue()} Without script.`);
    await page.getByLabel('With the facts of').selectOption({ label: 'Theft of data' });
    await page.getByLabel('Reader', { exact: true }).selectOption('longest_name');
    await Promise.all([page.waitForEvent('load'), named(page, 'Show').click()]);
    assert.match(await body.inputValue(), /Without script\.$/);
    await page.locator('code').getByText('{{ facts.contact_phone }}').first().waitFor({ state: 'attached' });
    assert.match(await page.locator('[data-reads] pre').innerText(), /Maximiliana[^]*Without script/);
    await named(page, 'Show the HTML part below').click();
    await page.frameLocator('iframe[name=letter]').getByText('Without script.').waitFor();
    await page.context().close();
  },
  async 'versions are read, compared, copied and deleted; a starting text begins a template'() {
    const page = await staff();
    await page.goto(at);
    const body = page.locator('#body-1');
    await body.fill((await body.inputValue()).replace('broken into', 'robbed'));
    await named(page, 'Save as new version').click();
    await page.getByText('The new version is saved.').waitFor();
    await page.getByRole('link', { name: 'All versions, copy, delete' }).click();
    await check(page, 'versions');
    await page.getByLabel('From', { exact: true }).selectOption('1');
    await named(page, 'Compare').click();
    await page.locator('ins').getByText('robbed').waitFor();
    await page.locator('del').getByText('broken into').waitFor();
    await check(page, 'versions-compared');
    await page.getByLabel('Name of the copy').fill('A copy');
    await named(page, 'Copy version 2').click();
    await page.getByText('This is the copy.').waitFor();
    await page.getByRole('link', { name: 'All versions, copy, delete' }).click();
    await page.getByText('Delete template …').click();
    await page.locator('dialog').getByRole('button', { name: 'Delete template' }).click();
    await page.getByText('The template is deleted.').waitFor();
    await page.getByLabel('Find templates').fill('robbed');
    await named(page, 'Find').click();
    await page.getByRole('link', { name: 'Notice', exact: true }).waitFor();
    await page.getByLabel('Name', { exact: true }).fill('From a text');
    await page.getByLabel('Begin with').selectOption('first_notice_gdpr');
    await check(page, 'templates');
    await named(page, 'Begin template').click();
    await page.getByText('The template is begun.').waitFor();
    await page.getByText('Facts that the texts quote: 9').waitFor();
    await check(page, 'template-from-a-text');
    await page.context().close();
  },
};

const done = await go(browser, steps);
console.log(`${done} steps`);
