// Walk (b), as a customer and an agent go it: from the link in the notice to the answer.
import assert from 'node:assert/strict';
import { check } from './lib.mjs';
import { letter, letters } from './mail.mjs';

const QUESTION = 'Was my phone number taken? I mean "mine" & <b>nobody else\'s</b>.';
const ANSWER = 'Yes: your name, your number & your Social Security number.';

/** The notice that was really sent: the path of its status page, and its code. */
export async function notice(house, to) {
  const { text } = await letter(house.mail, to, /\/s\/\S+/);
  return {
    status: /\/s\/[^\s>)]+/.exec(text)[0],
    code: /\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{2}\b/.exec(text)[0],
  };
}

/** Everything that needs no link. */
export async function publicPages(page, base, code) {
  for (const [name, path] of [['home', '/'], ['public-incident', '/incidents/walk'], ['verify', '/verify'], ['find-me', '/find-me']]) {
    await page.goto(base + path);
    await check(page, name, { strict: true });
  }
  for (const [name, typed, says] of [
    ['verify-genuine', ` ${code.toLowerCase()} `, /Yes, it is genuine/],
    ['verify-unknown', '0000-0000-00', /do not recognise this code/],
    ['verify-slip', '2222-2222-22', /missing or mistyped/],
  ]) {
    await page.goto(`${base}/verify`);
    await page.getByLabel('Code in the notice').fill(typed);
    await page.getByRole('button', { name: 'Check this code' }).click();
    await page.getByText(says).first().waitFor();
    await check(page, name, { strict: true });
  }
  await page.goto(`${base}/nowhere`);
  await check(page, 'nowhere', { strict: true, expected: /status of 404/ });
}

/** Opens the link and unlocks the details with the code that is mailed. */
export async function unlock(page, house, status, to, seen) {
  await page.goto(house.base + status);
  const before = await page.locator('main').innerText();
  assert.match(before, /This notice is genuine/);
  assert.doesNotMatch(before, /Ana Moreno/);
  await seen('status');
  const alreadyThere = letters(house.mail).length;
  await page.getByRole('button', { name: 'Send me a code' }).click();
  await page.getByLabel('Code from the e-mail').waitFor();
  await seen('status-code-sent');
  // A code that came before this one is spent.
  const { text } = await letter(house.mail, to, /^\d{6}\s*$/m, alreadyThere);
  await page.getByLabel('Code from the e-mail').fill(/^(\d{6})\s*$/m.exec(text)[1]);
  await page.getByRole('button', { name: 'See my details' }).click();
  await page.getByText('Ana Moreno').first().waitFor();
  await seen('status-open');
}

/** Asks; the path of the question's page. */
export async function ask(page, house, status) {
  await page.goto(house.base + status);
  await page.getByLabel('Ask us something').fill(QUESTION);
  await page.getByRole('button', { name: 'Send my question' }).click();
  await page.waitForURL(/\/tickets\/[^/]+/);
  await check(page, 'question-asked', { strict: true });
  const asked = new URL(page.url()).pathname.replace(/\/asked$/, '');
  await page.goto(house.base + asked);
  assert.ok((await page.locator('main').innerText()).includes(QUESTION));
  await check(page, 'question', { strict: true });
  return asked;
}

/** Takes the next ticket and answers it. */
export async function takeAndAnswer(page, house) {
  await page.goto(`${house.base}/console/helpline`);
  await check(page, 'helpline-waiting');
  await page.locator('form[action="/console/helpline/next"] button').click();
  await answer(page, ANSWER, 'ticket');
}

/** Answers what came back to the same agent. */
export async function answerAgain(page, house) {
  await page.goto(`${house.base}/console/helpline`);
  await page.locator('a[href^="/console/tickets/"]').first().click();
  await answer(page, 'Once is enough.', 'ticket-again');
}

/** Notes, answers, and leaves the ticket solved. */
async function answer(page, words, name) {
  await page.waitForURL(/\/console\/tickets\/tkt_/);
  await check(page, name);
  await page.getByRole('button', { name: 'Note', exact: true }).click();
  await page.getByLabel('Note: the customer will not see this').fill('Looked at the notice with them.');
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Save note' }).click()]);
  await page.getByText('Looked at the notice').first().waitFor();
  const toCustomer = page.getByRole('button', { name: 'To customer' });
  if (await toCustomer.count() > 0) await toCustomer.click();
  await page.getByLabel('Reply to customer').fill(words);
  await page.getByText('For Solved and On hold').click();
  await page.getByLabel('Solved means').selectOption({ index: 1 });
  await Promise.all([page.waitForEvent('load'), page.locator('#as-reply button[value=solved]').click()]);
  await page.locator('.badge').getByText('solved', { exact: true }).first().waitFor();
  await check(page, `${name}-solved`);
}

/** Reads the answer and writes back, which opens the question again. */
export async function writeBack(page, house, asked) {
  await page.goto(house.base + asked);
  const thread = await page.locator('main').innerText();
  assert.ok(thread.includes(ANSWER), thread);
  assert.ok(!thread.includes('Looked at the notice'), 'a note is for staff only');
  await check(page, 'question-answered', { strict: true });
  await page.getByLabel('Your reply').fill('Thank you. Every year?');
  await page.getByRole('button', { name: 'Send my reply' }).click();
  await page.getByText('Thank you. Every year?').first().waitFor();
  await check(page, 'question-again', { strict: true });
}

/** Reads the last answer. */
export async function readAgain(page, house, asked) {
  await page.goto(house.base + asked);
  await page.getByText('Once is enough.').waitFor();
  await check(page, 'question-answered-again', { strict: true });
}

/** A call is logged, and the lists of the helpline looked at. */
export async function lookAround(page, house) {
  await page.goto(`${house.base}/console/helpline/call`);
  await check(page, 'call');
  for (const status of ['', '?status=solved', '?status=open']) {
    await page.goto(`${house.base}/console/helpline${status}`);
    await check(page, `helpline${status.replace('?status=', '-')}`);
  }
}

