// The builder of an audience, with the keyboard only: conditions, the sentence, its people, a list of references, a draft.
import assert from 'node:assert/strict';
import { enter } from './desk.mjs';
import { check, go, launch, person } from './lib.mjs';

const house = JSON.parse(process.env.CANDOR_WALK);
const browser = await launch();
const page = await person(browser);

const sentence = async () => (await page.locator('#sentence').innerText()).replace(/\s+/g, ' ');
const loaded = (act) => Promise.all([page.waitForEvent('load'), act()]);
/** Presses Enter on a button or a link. */
const press = (role, name) => loaded(() => page.getByRole(role, { name, exact: true }).first().press('Enter'));
/** Types into a field. */
async function type(label, words) {
  await page.getByLabel(label, { exact: true }).focus();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('Delete');
  await page.keyboard.type(words);
}

const steps = {
  async 'the incident leads to what is owed, and that to its audience'() {
    await enter(page, house.base, house.comms);
    await page.goto(`${house.base}/console/incidents/sundmere`);
    await check(page, 'audience-incident');
    await press('link', 'Draft a supplement');
    assert.equal(await sentence(), '12 in scope − 6 told of all that was taken = 6 will get it');
    await check(page, 'audience-supplement');
  },
  async 'conditions narrow it, and what is wrong says so'() {
    await type('With all of', 'no-such-element');
    await press('button', 'Count these people');
    await page.getByRole('alert').waitFor();
    assert.equal(await page.getByLabel('With all of', { exact: true }).inputValue(), 'no-such-element');
    await check(page, 'audience-refused');
    await type('With all of', 'phone');
    await type('Only people who read', 'es');
    await press('button', 'Count these people');
    assert.equal(await sentence(), '12 in scope − 10 outside the filter = 2 will get it');
    await check(page, 'audience-narrowed');
  },
  async 'each number is a link to its people'() {
    await press('link', '10');
    assert.equal(await page.locator('tbody tr').count(), 10);
    await check(page, 'audience-people');
    await page.goBack();
    await press('link', 'Ten of the people who will get it');
    assert.equal(await page.locator('tbody tr').count(), 2);
    await check(page, 'audience-sample');
    await page.goBack();
  },
  async 'a list of references leaves people out'() {
    await type('Only people who read', '');
    await press('button', 'Count these people');
    // What is typed and not counted yet goes along.
    await type('To, per cent', '100');
    await press('button', 'Add a list of references');
    await check(page, 'audience-new-list');
    await page.getByLabel('References, one a line').focus();
    await page.keyboard.type('R-00000\nR-00001\nnobody\n');
    await press('button', 'Add it, and leave these people out');
    assert.equal(await sentence(), '12 in scope − 7 outside the filter = 5 will get it');
    assert.equal(await page.getByLabel('To, per cent', { exact: true }).inputValue(), '100');
    await page.getByText('Of the list of 3 references, 1 names no person of this incident.').waitFor();
    await check(page, 'audience-list');
  },
  async 'a draft gets it'() {
    await press('button', 'Draft a campaign with this audience');
    await page.getByText('The campaign is drafted').waitFor();
    assert.equal(await sentence(), '12 in scope − 7 outside the filter = 5 will get it');
    await check(page, 'audience-drafted');
    await press('link', 'Change the audience, or see it by jurisdiction');
    await type('To, per cent', '50');
    await press('button', 'Count these people');
    assert.match(await sentence(), /^12 in scope − 7 outside the filter( − \d (in another wave|in other waves))? = \d will get it$/);
    await check(page, 'audience-wave');
    await press('button', 'Use this audience for the draft');
    await page.getByText('The draft has this kind and this audience now.').waitFor();
    await page.getByText('the first 50 % of them').first().waitFor();
  },
};

await go(browser, steps);
