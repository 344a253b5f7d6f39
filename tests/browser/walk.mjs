// The two walks in a real browser, against a running Candor.
//   node walk.mjs '{"base": "http://127.0.0.1:8080", "mail": "/folder", "accounts": {"comms": {"email": …, "password": …}, …}}'
// or the same JSON in CANDOR_WALK. Exit 1 and the fault on standard error if a step fails.
import * as comms from './comms.mjs';
import { enter, leave } from './desk.mjs';
import * as helpline from './helpline.mjs';
import * as letters from './letters.mjs';
import { check, go, launch, person } from './lib.mjs';

const house = JSON.parse(process.argv[2] ?? process.env.CANDOR_WALK ?? 'null');
if (!house?.base || !house.mail || !house.accounts) {
  console.error('walk.mjs needs JSON with "base", "mail" and "accounts", as an argument or in CANDOR_WALK');
  process.exit(2);
}
const ANA = 'ana@example.org';
const strictly = (page) => (name) => check(page, name, { strict: true });

const browser = await launch();
const staff = async (role) => {
  const page = await person(browser);
  await enter(page, house.base, house.accounts[role]);
  return page;
};

/** The steps, in the order in which they are gone. Each leaves what the next one needs. */
const kept = {};
const steps = {
  async 'comms prepare a notice'() {
    const page = kept.comms = await staff('comms');
    await check(page, 'dashboard-empty');
    await comms.openIncident(page, house.base);
    await comms.importList(page, house.base);
    await comms.writeTemplate(page, house.base);
    kept.campaign = await comms.submitCampaign(page, house.base);
  },
  async 'a second person approves'() {
    const page = await staff('approver');
    await comms.approve(page, house.base, kept.campaign, house.accounts.approver);
    await leave(page);
    await page.context().close();
  },
  async 'it is launched and watched'() {
    await comms.launch(kept.comms, house.base, kept.campaign);
    await comms.lookAround(kept.comms, house.base);
    kept.notice = await helpline.notice(house, ANA);
  },
  async 'a letter is listed, posted, opened and comes back'() {
    const letter = await letters.take(kept.comms, house.base);
    await letters.post(kept.comms, house.base);
    const page = await person(browser);
    await letters.read(page, house.base, letter);
    await page.context().close();
    await letters.comesBack(kept.comms, house.base, letter);
  },
  async 'anybody reads the public pages'() {
    const page = await person(browser);
    await helpline.publicPages(page, house.base, kept.notice.code);
    await page.context().close();
  },
  async 'a customer follows the link and asks'() {
    const page = kept.customer = await person(browser);
    await helpline.unlock(page, house, kept.notice.status, ANA, strictly(page));
    kept.asked = await helpline.ask(page, house, kept.notice.status);
  },
  async 'an agent answers'() {
    kept.agent = await staff('agent');
    await helpline.lookAround(kept.agent, house);
    await helpline.takeAndAnswer(kept.agent, house);
  },
  async 'the customer writes back and is answered again'() {
    await helpline.writeBack(kept.customer, house, kept.asked);
    await helpline.answerAgain(kept.agent, house);
    await helpline.readAgain(kept.customer, house, kept.asked);
  },
  async 'it all works without scripts'() {
    const page = await person(browser, { javaScriptEnabled: false });
    await helpline.unlock(page, house, kept.notice.status, ANA, async () => {});
    const desk = await person(browser, { javaScriptEnabled: false });
    await desk.goto(house.base + kept.campaign);
    await desk.getByLabel('E-mail address').fill(house.accounts.comms.email);
    await desk.getByLabel('Password').fill(house.accounts.comms.password);
    await desk.getByRole('button', { name: 'Sign in' }).click();
    await desk.locator('.badge').getByText('completed', { exact: true }).first().waitFor();
  },
  async 'auditor and admin look'() {
    for (const role of ['auditor', 'admin']) {
      const page = await staff(role);
      if (role === 'auditor') await comms.auditAndStaff(page, house.base);
      await check(page, `dashboard-${role}`);
      await page.context().close();
    }
  },
};

const done = await go(browser, steps, { minutes: 15 });
console.log(`${done} passed, ${process.exitCode ? 1 : 0} failed, of ${Object.keys(steps).length}`);
