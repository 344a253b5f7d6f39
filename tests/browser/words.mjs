// What was typed comes back: after an outage, after Enter, after a button for another part of the page. The Candor of
// CANDOR_WALK has a valve before its database: GET /shut and GET /open at its address.
import assert from 'node:assert/strict';
import { enter } from './desk.mjs';
import { check, go, launch, person } from './lib.mjs';

const house = JSON.parse(process.env.CANDOR_WALK);
const browser = await launch();
const AWAY = { expected: /status of 503/ };

/** Shuts or opens the way to the database, and waits until the program sees it. */
async function turn(how) {
  await fetch(`${house.valve}/${how}`);
  const wanted = how === 'open' ? 200 : 503;
  for (let n = 0; (await fetch(`${house.base}/readyz`)).status !== wanted; n += 1) {
    assert.ok(n < 600, `it is not ${how} after 600 questions`);
  }
}

const pressed = (page, button) => Promise.all([page.waitForEvent('load'), button.click()]);
const named = (page, name) => page.getByRole('button', { name, exact: true });
const staff = async (role, options) => {
  const page = await person(browser, options);
  await enter(page, house.base, house.accounts[role]);
  return page;
};

const steps = {
  async 'Enter in a field of the reply sends nothing'() {
    for (const options of [{}, { javaScriptEnabled: false }]) {
      const page = await staff('agent', options);
      await page.goto(house.base + house.tickets[0]);
      const before = await page.locator('.thread > li').count();
      await page.getByLabel('Reply to customer').fill('This waits for Enter.');
      await page.getByText('For Solved and On hold').click();
      for (const [field, words] of [['On hold: we wait for', 'the bank'], ['Look again on', '2030-01-02']]) {
        await page.getByLabel(field).fill(words);
        await page.getByLabel(field).press('Enter');
      }
      assert.equal(await page.getByLabel('Reply to customer').inputValue(), 'This waits for Enter.');
      await page.goto(house.base + house.tickets[0]);
      assert.equal(await page.locator('.thread > li').count(), before);
      await page.locator('.badge').getByText('open', { exact: true }).first().waitFor();
      await page.context().close();
    }
  },
  async 'an agent replies while the database is away, and sends the page that gives it back'() {
    const page = await staff('agent');
    await page.goto(house.base + house.tickets[0]);
    const words = 'This was typed before the outage: “Zoë & <b>co</b>”.\nTwo lines.';
    await page.getByLabel('Reply to customer').fill(words);
    await turn('shut');
    await pressed(page, page.locator('button[value=pending]'));
    assert.equal(await page.getByLabel('What you wrote').inputValue(), words);
    await page.getByText('Reference').waitFor();
    await check(page, 'words-away', AWAY);
    await pressed(page, named(page, 'Send again'));
    assert.equal(await page.getByLabel('What you wrote').inputValue(), words, 'it is still away');
    await check(page, 'words-still-away', AWAY);
    await turn('open');
    await pressed(page, named(page, 'Send again'));
    await page.getByText('typed before the outage').waitFor();
    assert.ok(page.url().includes('did=reply'), page.url());
    await page.goto(house.base + house.tickets[0]);
    assert.equal(await page.getByText('typed before the outage').count(), 1);
    assert.equal(await page.getByLabel('Reply to customer').inputValue(), '', 'the draft is dropped');
    await page.context().close();
  },
  async 'a draft outlives an outage in the browser, and is dropped once it was sent'() {
    const page = await staff('agent');
    const words = 'This was kept by the browser.';
    await page.goto(house.base + house.tickets[1]);
    await page.getByLabel('Reply to customer').fill(words);
    await turn('shut');
    await pressed(page, page.locator('button[value=pending]'));
    await check(page, 'words-away-again', AWAY);
    await turn('open');
    await page.goto(house.base + house.tickets[1]);
    assert.equal(await page.getByLabel('Reply to customer').inputValue(), words);
    await pressed(page, page.locator('button[value=pending]'));
    await page.getByText(words).waitFor();
    assert.equal(await page.getByLabel('Reply to customer').inputValue(), '');
    await page.reload();
    assert.equal(await page.getByLabel('Reply to customer').inputValue(), '');
    await page.context().close();
  },
  async 'a reply that was refused, corrected and sent leaves no draft behind'() {
    const page = await staff('agent');
    const words = 'This is refused first, and then sent once.';
    await page.goto(house.base + house.tickets[1]);
    await page.getByLabel('Reply to customer').fill(words);
    await page.getByText('For Solved and On hold').click();
    await pressed(page, page.locator('button[value=on_hold]'));
    assert.ok(!page.url().includes('did='), `a reason is missing: ${page.url()}`);
    assert.equal(await page.getByLabel('Reply to customer').inputValue(), words);
    await page.getByLabel('Reply to customer').fill(`${words} Now.`);
    await page.getByLabel('On hold: we wait for').fill('the bank');
    await page.getByLabel('Look again on').fill('2026-12-03');
    await pressed(page, page.locator('button[value=on_hold]'));
    assert.ok(page.url().includes('did=reply'), page.url());
    assert.equal(await page.getByLabel('Reply to customer').inputValue(), '', 'after it was sent');
    await page.goto(house.base + house.tickets[1]);
    assert.equal(await page.getByLabel('Reply to customer').inputValue(), '', 'at the next visit');
    await page.context().close();
  },
  async 'a customer asks while the database is away'() {
    for (const [words, options] of [
      ['This was asked before the outage.', {}],
      ['This was asked without script, and at some length.', { javaScriptEnabled: false }],
    ]) {
      const page = await person(browser, options);
      await page.goto(house.base + house.status);
      await page.getByLabel('Ask us something').fill(words);
      await turn('shut');
      await pressed(page, named(page, 'Send my question'));
      assert.equal(await page.getByLabel('What you wrote').inputValue(), words);
      if (options.javaScriptEnabled !== false) await check(page, 'words-customer', { strict: true, ...AWAY });
      await turn('open');
      await pressed(page, named(page, 'Send again'));
      await page.getByText('We have your question').first().waitFor();
      await page.goto(house.base + house.status);
      assert.equal(await page.getByLabel('Ask us something').inputValue(), '');
      await page.context().close();
    }
  },
};

/** The same at both sizes, with and without script. */
async function unsaved(viewport, javaScriptEnabled, incident) {
  const where = `${viewport.width}${javaScriptEnabled ? '' : '-plain'}`;
  const page = await staff('comms', { viewport, javaScriptEnabled });
  const checked = async (name) => {
    if (javaScriptEnabled) await check(page, `${name}-${where}`);
    await page.setViewportSize(viewport);
  };
  // A template: its preview and its languages.
  await page.goto(house.base + house.template);
  const body = page.locator('#body-1');
  const typed = `${await body.inputValue()}\n\nTyped at ${where} & not saved.`;
  await body.fill(typed);
  await pressed(page, page.locator('.tabs button').nth(1));
  assert.equal(await page.locator('#body-1').inputValue(), typed);
  await page.getByText('What you typed is not saved.').waitFor();
  await checked('unsaved-language');
  await page.getByLabel('With the facts of').selectOption({ index: 1 });
  await pressed(page, page.locator('.tabs button').first());
  await pressed(page, named(page, 'Show'));
  assert.equal(await page.locator('#body-1').inputValue(), typed);
  assert.match(await page.locator('pre').innerText(), new RegExp(`Typed at ${where} & not saved`));
  const letter = page.frameLocator('iframe[name=letter]');
  await named(page, 'Show the HTML part below').click();
  await letter.getByText(`Typed at ${where}`).waitFor();
  await checked('unsaved-preview');
  await pressed(page, named(page, 'Save as new version'));
  assert.equal(await page.locator('#body-1').inputValue(), typed);
  assert.equal(await page.getByText('What you typed is not saved.').count(), 0);

  // An incident: its state and a statement.
  await page.goto(house.base + incident);
  const fact = page.locator('textarea[name=value]').first();
  const words = `555-0142, as typed at ${where}`;
  await fact.fill(words);
  await page.getByLabel('What you want to say').fill(`We know more, at ${where}.`);
  await pressed(page, named(page, 'Confirm'));
  assert.equal(await page.locator('textarea[name=value]').first().inputValue(), words);
  assert.equal(await page.getByLabel('What you want to say').inputValue(), `We know more, at ${where}.`);
  await page.getByText('The incident is now confirmed.').waitFor();
  await checked('unsaved-facts');
  await pressed(page, named(page, 'Publish update'));
  await page.getByText('The update is public.').waitFor();
  assert.equal(await page.locator('textarea[name=value]').first().inputValue(), words);
  assert.equal(await page.getByLabel('What you want to say').inputValue(), '');
  await pressed(page, named(page, 'Save, and preview what becomes public'));
  await page.getByRole('heading', { name: 'Publish the fact sheet' }).waitFor();
  await page.getByText(words).first().waitFor();
  await page.context().close();
}

for (const [n, [width, script]] of [[1280, true], [1280, false], [360, true], [360, false]].entries()) {
  steps[`unsaved text at ${width} px ${script ? 'with' : 'without'} script`] = () =>
    unsaved({ width, height: 800 }, script, house.incidents[n]);
}

await go(browser, steps);
await fetch(`${house.valve}/open`);
