// The fact sheet, claim by claim, by keyboard alone: written in two languages, published after a preview, corrected.
import assert from 'node:assert/strict';
import { enter } from './desk.mjs';
import { check, go, launch, person } from './lib.mjs';

const house = JSON.parse(process.env.CANDOR_WALK);
const browser = await launch();
const page = await person(browser);
const at = (path) => house.base + house.incident + path;

/** Goes to a control with the Tab key, as a person without a mouse does. */
async function tabTo(locator) {
  for (let n = 0; n < 200; n += 1) {
    if (await locator.evaluate((one) => one === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not lead to ${locator}`);
}

const press = async (locator) => {
  await tabTo(locator);
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
};
const button = (name) => page.getByRole('button', { name, exact: true });
const type = async (label, text) => {
  const field = page.getByLabel(label, { exact: true });
  await tabTo(field);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(text);
};

const steps = {
  async 'a claim is written in two languages'() {
    await enter(page, house.base, house.account);
    await page.goto(at('/facts'));
    await check(page, 'claims-first');
    await press(page.getByRole('link', { name: 'What happened', exact: true }));
    await check(page, 'claim-new');
    await type('Text in English', 'A thief copied files about customers.');
    await press(button('Save this claim'));
    await press(page.getByRole('link', { name: 'What happened', exact: true }));
    await type('Language: another language', 'es');
    await type('Text: another language', 'Un ladrón copió archivos sobre clientes.');
    await press(button('Save this claim'));
    await page.getByText('Un ladrón copió').waitFor();
    await check(page, 'claims');
  },
  async 'an own key and a wrong language are refused with what was typed'() {
    await type('Another key', 'no/key');
    await press(button('Write this claim'));
    assert.equal(await page.getByLabel('Another key').inputValue(), 'no/key');
    await check(page, 'claims-refused', { expected: /status of 422/ });
    await page.goto(at('/claims/offer'));
    await type('Language: English', 'klingon');
    await type('Text in English', 'Two years of protection.');
    await press(button('Save this claim'));
    await page.getByText('This was not saved yet').waitFor();
    assert.equal(await page.locator('textarea').first().inputValue(), 'Two years of protection.');
    await check(page, 'claim-refused', { expected: /status of 422/ });
  },
  async 'it is published after a preview'() {
    await page.goto(at('/facts'));
    await press(page.getByRole('link', { name: 'Preview what publishing changes' }));
    await check(page, 'claims-preview');
    await press(button('Publish exactly this'));
    await page.getByText('The fact sheet is public').waitFor();
  },
  async 'it is corrected, and pages say what it said before'() {
    await press(page.getByRole('link', { name: 'What happened', exact: true }));
    await tabTo(page.getByLabel('This is'));
    await page.keyboard.type('Corrected');
    await type('Text in English', 'Two thieves copied files about customers.');
    await type('Text in Español', 'Dos ladrones copiaron archivos sobre clientes.');
    await press(button('Save this claim'));
    await press(page.getByRole('link', { name: 'What happened', exact: true }));
    assert.match(await page.locator('#history ~ ol del').first().innerText(), /A thief/);
    await check(page, 'claim-history');
    await page.goto(at('/facts/publish'));
    await page.getByText('was corrected, when, and what it said before').waitFor();
    await check(page, 'claims-preview-corrected');
    await press(button('Publish exactly this'));
    const reader = await person(browser);
    await reader.goto(`${house.base}/incidents/sundmere`);
    assert.equal(await reader.locator('del').innerText(), 'A thief copied files about customers.');
    await check(reader, 'claims-public', { strict: true });
    await reader.goto(house.base + house.status);
    assert.equal(await reader.locator('del').innerText(), 'Un ladrón copió archivos sobre clientes.');
    await check(reader, 'claims-status', { strict: true });
  },
  async 'what another tab saved meanwhile stands beside what was typed'() {
    await page.goto(at('/claims/what_happened'));
    const other = await page.context().newPage();
    await other.goto(at('/claims/what_happened'));
    await other.getByLabel('Text in English', { exact: true }).fill('Three thieves.');
    await Promise.all([other.waitForEvent('load'), other.getByRole('button', { name: 'Save this claim' }).click()]);
    await other.close();
    await type('Text in English', 'Typed meanwhile.');
    await press(button('Save this claim'));
    await page.getByText('Three thieves.').first().waitFor();
    assert.equal(await page.getByLabel('Text in English', { exact: true }).inputValue(), 'Typed meanwhile.');
    await check(page, 'claim-meanwhile', { expected: /status of 409/ });
  },
};

await go(browser, steps);
