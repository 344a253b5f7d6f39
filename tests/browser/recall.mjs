// A text was found wrong: the comms lead proposes its recall, an approver publishes the correction, customers read it.
import assert from 'node:assert/strict';
import { enter, press } from './desk.mjs';
import { check, go, launch, person } from './lib.mjs';

const house = JSON.parse(process.env.CANDOR_WALK);
const browser = await launch();
const RIGHT = 'It happened on 5 June, not on 5 May.';
const ARABIC = 'حدث ذلك في 5 يونيو، وليس في 5 مايو.';
const [hers, arabic, his] = house.pages;

const pressed = (page, button) => Promise.all([page.waitForEvent('load'), button.click()]);
const named = (page, name) => page.getByRole('button', { name, exact: true });
const staff = async (role) => {
  const page = await person(browser);
  await enter(page, house.base, house.accounts[role]);
  return page;
};
const [comms, approver] = [await staff('comms'), await staff('approver')];
let recall;

/** The status page of a customer, two seconds after an act at the latest. */
async function customer(path, words, shows) {
  const page = await person(browser);
  const begun = Date.now();
  for (;;) {
    await page.goto(house.base + path);
    if ((await page.getByText(words).count() > 0) === shows) return page;
    assert.ok(Date.now() - begun < 2_000, `${path} after two seconds: ${words}`);
  }
}

const steps = {
  async 'the comms lead proposes a recall'() {
    await comms.goto(`${house.base}/console/incidents/sundmere`);
    await Promise.all([comms.waitForEvent('load'), comms.getByRole('link', { name: 'Recall a wrong text' }).click()]);
    await check(comms, 'recalls-empty');
    await comms.getByLabel('Words in it').fill('no such words');
    await comms.getByLabel('Correction 1', { exact: true }).fill(RIGHT);
    await comms.getByLabel('Language 2', { exact: true }).fill('ar');
    await comms.getByLabel('Correction 2', { exact: true }).fill(ARABIC);
    await pressed(comms, named(comms, 'Propose this recall'));
    await comms.getByText('No text that was sent is meant').first().waitFor();
    assert.equal(await comms.getByLabel('Correction 2', { exact: true }).inputValue(), ARABIC);
    await check(comms, 'recalls-refused');
    await comms.getByLabel('Words in it').fill('on 5 May');
    await pressed(comms, named(comms, 'Propose this recall'));
    await comms.getByText('The recall is proposed.').waitFor();
    assert.equal(await comms.locator('.tile b').first().innerText(), '2');
    recall = new URL(comms.url()).pathname;
    await check(comms, 'recall-proposed');
    await comms.goto(`${house.base}${recall}/people`);
    assert.equal(await comms.locator('tbody tr').count(), 2);
    await check(comms, 'recall-people');
    await (await customer(hers, RIGHT, false)).context().close();
  },
  async 'an approver finds it, and publishes it with the own password'() {
    await approver.goto(`${house.base}/console`);
    await check(approver, 'recall-dashboard');
    await Promise.all([approver.waitForEvent('load'), approver.getByRole('link', { name: 'Review it' }).first().click()]);
    await approver.getByLabel('Your password').fill('not this one');
    await pressed(approver, named(approver, 'Publish the correction'));
    await approver.getByText('This is not your password.').first().waitFor();
    await check(approver, 'recall-refused');
    await approver.getByLabel('Your password').fill(house.accounts.approver.password);
    await pressed(approver, named(approver, 'Publish the correction'));
    await approver.getByText('The correction is published.').waitFor();
    await check(approver, 'recall-published');
  },
  async 'the people who were sent the text read the correction, each in their language'() {
    for (const [name, path, words] of [['english', hers, RIGHT], ['arabic', arabic, ARABIC]]) {
      const page = await customer(path, words, true);
      await check(page, `recall-status-${name}`, { strict: true });
      await page.context().close();
    }
    await (await customer(his, RIGHT, false)).context().close();
  },
  async 'the comms lead drafts the campaign that writes to them'() {
    await comms.goto(house.base + recall);
    await check(comms, 'recall-draft');
    await pressed(comms, named(comms, 'Draft the correcting campaign'));
    await comms.getByText('Choose a template: a campaign sends its texts.').first().waitFor();
    await check(comms, 'recall-draft-refused');
    await comms.getByLabel('Template of the correcting campaign').selectOption({ label: 'Other, version 1' });
    await pressed(comms, named(comms, 'Draft the correcting campaign'));
    await comms.getByText('The campaign is drafted.').waitFor();
    assert.match(new URL(comms.url()).pathname, /^\/console\/campaigns\//);
  },
  async 'the comms lead withdraws it'() {
    await comms.goto(house.base + recall);
    await press(comms, 'Withdraw');
    await comms.getByText('The correction is withdrawn.').waitFor();
    await check(comms, 'recall-withdrawn');
    await (await customer(hers, RIGHT, false)).context().close();
    await comms.goto(`${house.base}/console/incidents/sundmere/recalls`);
    await check(comms, 'recalls');
  },
};

await go(browser, steps);
