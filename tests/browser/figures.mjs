// The comms lead's path with a list of 500 people, from the first import to the letters that are posted again: after each
// step every figure on every page equals a model of its own, what a real mail server received, and the recount.
// Its standard input is the listening socket of that server, to which the relay of the settings leads.
//   CANDOR_WALK='{"base": …, "accounts": …, "key": …, "candor": {"program": …, "words": […], "env": {…}}}' node figures.mjs
import assert from 'node:assert/strict';
import * as act from './figures/acts.mjs';
import { Compare } from './figures/compare.mjs';
import { customer } from './figures/customers.mjs';
import { corrected, damaged, dice, ELEMENTS, file, people, table } from './figures/list.mjs';
import { Model } from './figures/model.mjs';
import { address as personAt } from './figures/persons.mjs';
import { here, number, texts } from './figures/pages.mjs';
import { secondVersion } from './figures/second.mjs';
import { shoot } from './figures/shots.mjs';
import { listen } from './figures/sink.mjs';
import { go, launch, person } from './lib.mjs';

const house = JSON.parse(process.env.CANDOR_WALK);
const { base } = house;
const LANGUAGES = { en: 'English', es: 'Español', fr: 'Français', de: 'Deutsch', vi: 'Tiếng Việt', zh: '中文', ko: '한국어', ru: 'Русский', ar: 'العربية' };
/** The languages of the first template; readers of other languages get English. */
const TEXTS = ['en', 'es', 'fr', 'de', 'vi', 'zh', 'ar'];
const DEAR = { en: 'Dear', es: 'Hola', fr: 'Bonjour', de: 'Guten Tag', vi: 'Xin chào', zh: '您好', ar: 'مرحبا' };

const notice = (locale) => [`${DEAR[locale]}: {{ incident.title }}`, `${DEAR[locale]} {{ name }} ({{ reference }})

${locale === 'en' ? '{{ facts.what_happened }} ' : ''}{{ facts.contact_phone }}

:: {{ elements }}

{{ guidance }}

{{ status_link }}

{{ notice_code }}`];
const correction = ['Correction', `Dear {{ name }} ({{ reference }})

What we told you before was not right. {{ facts.contact_phone }}

Not yours: {{ told_wrongly }}

{{#if has.any}}
:: {{ elements }}

{{ guidance }}
{{/if}}

{{ status_link }}

{{ notice_code }}`];

const sink = await listen();
const browser = await launch();
const page = await person(browser);
const approver = await person(browser);
const model = new Model();
const api = (path) => fetch(`${base}/api/v1${path}`, { headers: { authorization: `Bearer ${house.key}` } }).then((answer) => answer.json());
const words = (await api('/elements')).items.map((one) => [one.code, one.words]);
/** One person of each kind, and three more. */
const sample = () => {
  const all = model.all;
  const roll = dice(all.length);
  const kinds = [
    (p) => p.stands === 'retracted', (p) => p.stands === 'withheld', (p) => p.stands === 'needs_letter', (p) => p.letters.length > 1,
    (p) => p.notices.length > 1, (p) => p.told === 'otherwise', (p) => p.toldWrongly, (p) => p.correction === 'letter',
    (p) => !p.row.address, (p) => p.isFormer,
  ];
  const some = kinds.flatMap((test) => all.filter(test).slice(0, 1));
  return [...new Set([...some, ...Array.from({ length: 3 }, () => all[roll(all.length)])])];
};
const compare = new Compare({
  page, base, operations: house.operations, key: house.key, accounts: house.accounts, model, sink, sample, candor: house.candor, languages: LANGUAGES,
  elements: Object.fromEntries(words), draft: null, facts: '', state: 'scoping',
});

const rows = people(500);
/** The state that steps share. */
const kept = {};
/** What pages say that a draft changes. */
const DRAFT = ['dashboard', 'incident', 'scopes', 'programs', 'account', 'recount'];
const of = (list) => table(list).map((row) => row.reference).sort();

/** Drafts a campaign, has it approved by a second person, and launches it; compares the figures after each step. */
async function campaign(name, { template, kind, who, audience, locales }) {
  const id = await act.draft(page, base, { template, kind, audience });
  const drafted = Object.assign(model.draft(id, kind, who), { name: template, locales });
  await compare.all(`${name}, drafted`, { only: ['dashboard', 'incident', 'campaigns'] });
  const { mailable } = model.audience(who);
  const keys = await act.submit(page, base, id);
  const foreign = new Set(mailable.map((p) => p.row.locale).filter((one) => !locales.includes(one)));
  compare.is(`campaign “${name}”`, 'languages to be acknowledged', keys.sort(), [...foreign].sort());
  drafted.status = 'in_review';
  await shoot(page, base, `in-review-${kind}`, [`campaigns/${id}`]);
  compare.is(`campaign “${name}”`, 'people in the question of the approval', await act.approve(approver, base, id, house.accounts.approver), mailable.length);
  drafted.status = 'approved';
  await compare.all(`${name}, approved`, { only: ['dashboard', 'incident', 'campaigns'] });
  compare.is(`campaign “${name}”`, 'people in the question of the launch', await act.launch(page, base, id), mailable.length);
  model.launch(drafted);
}

/** Takes a list of letters and compares the file with the model. */
async function take(kind, words) {
  const list = await act.take(page, base, words);
  assert.deepEqual(of(list), model.toList(kind).map((p) => p.row.reference).sort());
  const taken = model.take(table(list)[0].batch, kind);
  for (const row of table(list)) {
    const p = taken.letters.find((one) => one.person.row.reference === row.reference).person;
    const is = (column, shown, expected) => compare.is(`the list of ${kind} ${taken.id}`, `${row.reference}, ${column}`, shown, expected);
    const codes = (column) => compare.named(row[column], p.row.locale);
    is('elements', codes('elements'), [...p.exposed].sort());
    is('not_yet_named', codes('not_yet_named'), [...p.exposed].filter((one) => !p.knows.has(one)).sort());
    is('told_wrongly', codes('told_wrongly'), [...p.knows].filter((one) => !p.exposed.has(one)).sort());
    is('address', row.address, p.row.address);
    is('letter_code', row.letter_code !== '', ['letter', 'correction'].includes(kind));
  }
  return { list: taken, rows: table(list) };
}

const steps = {
  async 'an incident with published facts'() {
    await act.enter(page, base, house.accounts.comms);
    await act.enter(approver, base, house.accounts.approver);
    await act.openIncident(page, base);
    compare.facts = 'No fact is public: none was published yet.';
    await compare.all('opened');
    await act.publishFacts(page, base);
    compare.facts = 'All facts are public';
  },
  async 'a list with 25 bad rows is corrected through the page before it takes effect'() {
    const list = damaged(rows);
    await act.upload(page, base, list.text);
    const read = await here(page);
    assert.deepEqual([number(read.tiles.Accepted), number(read.tiles.Rejected)], [475, 25]);
    const [lines, header, accepted, refused, blank, more] = read.lines.match(/[\d,]+/g).map(number);
    assert.deepEqual([lines, header, accepted, refused, blank, more], [list.lines, 1, 475, 25, list.blank, list.continued], read.lines);
    assert.equal(lines, header + accepted + refused + blank + more);
    const rejected = texts(read.tables['Rejected rows']);
    assert.deepEqual(rejected.map(([line]) => number(line)).sort((a, b) => a - b), [...list.bad.keys()]);
    const columns = {};
    for (const [n, column] of texts(read.tables['Rejected rows by reason'])) columns[column === 'the row' ? '' : column] = (columns[column === 'the row' ? '' : column] ?? 0) + number(n);
    assert.deepEqual(columns, list.columns);
    // What the draft would change: refused rows are missing.
    const draft = (without, file) => ({ version: 1, ...file, delta: model.delta(rows.filter((one) => !without.has(one.reference))) });
    compare.draft = draft(new Set([...list.bad.values()].map((one) => one.reference)), { accepted: 475, rejected: 25 });
    await compare.all('read with bad rows');
    await shoot(page, base, 'draft', ['incidents/walk/scopes/1', 'incidents/walk/import']);
    await page.goto(`${base}/console/incidents/walk/scopes/1`);
    // One of them is still wrong, and stays a reject.
    const [left] = list.bad.keys();
    await act.addCorrected(page, corrected(await act.rejects(page), list.bad, [left]));
    compare.draft = draft(new Set([list.bad.get(left).reference]), { accepted: 499, rejected: 1, again: 1, replaced: 24 });
    await compare.all('24 corrected', { only: DRAFT });
    await page.goto(`${base}/console/incidents/walk/scopes/1`);
    await act.addCorrected(page, corrected(await act.rejects(page), new Map([...list.bad, [2, list.bad.get(left)], [left, list.bad.get(left)]])));
    const file = { accepted: 500, rejected: 0, again: 1, replaced: 25 };
    compare.draft = draft(new Set(), file);
    await compare.all('all corrected', { only: DRAFT });
    await page.goto(`${base}/console/incidents/walk/scopes/1`);
    const sum = (await here(page)).lines.match(/[\d,]+/g).map(number);
    compare.is('v1', 'lines of all files add up', sum[0], sum.slice(1).reduce((a, b) => a + b, 0));
    await act.press(page, /Activate/);
    await page.waitForURL(/did=activated/);
    compare.draft = null;
    model.activate(rows, file);
    await compare.all('v1 in force');
  },
  async 'everybody whom e-mail reaches gets the first notice'() {
    await act.writeTemplate(page, base, 'First notice', Object.fromEntries(TEXTS.map((locale) => [locale, notice(locale)])));
    await act.writeTemplate(page, base, 'Correction', { en: correction });
    await campaign('the first notice', { template: 'First notice', kind: 'initial', who: 'told_nothing', locales: TEXTS });
    assert.equal(model.refused.length, 7);
    await compare.all('the first notice');
    const [{ id }] = model.campaigns;
    await shoot(page, base, 'told', ['', 'incidents/walk', 'incidents/walk/account', 'incidents/walk/people', 'campaigns', `campaigns/${id}`, `campaigns/${id}/notices`]);
  },
  async 'letters are listed, posted, come back, and are listed again'() {
    const first = await take('letter', 'People whom no e-mail reaches');
    assert.ok(first.rows.length >= 40);
    const kin = await take('kin', 'Next of kin of people who died');
    kept.safe = await take('safe', 'People at a protected address');
    await compare.all('three lists taken');
    await act.post(page, base, first.list.id);
    model.record(first.list);
    await act.tell(page, base, kin.list.id);
    model.record(kin.list);
    await compare.all('posted and told');
    const back = first.rows.toSorted((a, b) => a.reference.localeCompare(b.reference)).slice(0, 6);
    const by = (row, n) => (n % 2 ? [row.reference, ''] : ['', row.letter_code]);
    const lines = back.map((row, n) => [...by(row, n), n === 5 ? 'not posted' : 'moved away'].join(','));
    const said = await act.comeBack(page, base, `reference,letter_code,reason\n${lines.join('\n')}\nP-9999,,moved away\n`);
    compare.is('the letters', 'what was recorded', said, '6 letters are recorded. 1 line was refused and changed nothing:');
    for (const [n, row] of back.entries()) {
      const letter = first.list.letters.find((one) => one.person.row.reference === row.reference);
      model.back(letter, n === 5 ? 'not_posted' : 'returned');
    }
    await compare.all('six letters came back');
    kept.again = await take('letter', 'People whom no e-mail reaches');
    assert.deepEqual(kept.again.rows.map((row) => row.last_returned.endsWith(': moved away')).filter(Boolean).length, 5);
  },
  async 'a second version changes much, and asks for each yes with the number as it is now'() {
    const again = new Set(kept.again.rows.map((row) => row.reference));
    const [second, late, other] = secondVersion(rows, model, again);
    const draft = (of) => ({ version: 2, accepted: of.length, rejected: 0, delta: { ...model.delta(of), identityTold: 1 } });
    const first = second.filter((one) => one.reference !== late);
    await act.upload(page, base, file(first));
    compare.draft = draft(first);
    await compare.all('v2 read', { only: DRAFT });
    await shoot(page, base, 'draft-2', ['incidents/walk/scopes/2']);
    await page.goto(`${base}/console/incidents/walk/scopes/2`);
    // Another session adds a row while the page with the numbers is open.
    const tab = await page.context().newPage();
    await act.upload(tab, base, file(second.filter((one) => one.reference === late)), 'Add its rows to draft v2');
    await tab.close();
    await act.confirm(page);
    await page.getByText(`a file was added, and it has ${second.length} accepted and 0 refused rows now`).first().waitFor();
    await act.check(page, 'scope-outdated');
    compare.draft = draft(second);
    await compare.all('v2 has a row more', { only: DRAFT });
    await page.goto(`${base}/console/incidents/walk/scopes/2`);
    await act.confirm(page);
    await page.waitForURL(/did=activated/);
    compare.draft = null;
    const delta = model.activate(second, { accepted: second.length, rejected: 0 }, [other]);
    assert.deepEqual([delta.added, delta.retracted, delta.identity, delta.emailsLost, delta.addressesLost, delta.lifted], [6, 11, 1, 5, 4, { hold: 2 }]);
    await compare.all('v2 in force', { thorough: true });
  },
  async 'a list with people who are held or protected by now is recorded with their number'() {
    const { list } = kept.again;
    assert.deepEqual(model.barred(list), { legal_hold: 1, protected_address: 1 });
    await page.goto(`${base}/console/incidents/walk/letters`);
    await act.form(page, list.id).getByRole('button', { name: 'Record as posted' }).click();
    await page.getByText('The list is not recorded yet').first().waitFor();
    await act.check(page, 'letters-barred');
    await compare.all('not recorded without a yes', { only: ['account', 'letters'] });
    for (const box of await act.form(page, list.id).getByRole('checkbox').all()) await box.check();
    await act.form(page, list.id).getByRole('button', { name: 'Record as posted' }).click();
    await page.waitForURL(/did=posted/);
    model.record(list);
    await compare.all('posted again');
  },
  async 'a first notice, a supplement and two corrections go to exactly whom they are for'() {
    const first = { template: 'First notice', locales: TEXTS };
    await campaign('newcomers', { ...first, kind: 'initial', who: 'told_nothing' });
    await compare.all('newcomers told');
    await campaign('the supplement', { ...first, kind: 'supplement', who: 'owed_more' });
    await compare.all('the supplement');
    const wrong = { template: 'Correction', locales: ['en'], kind: 'correction' };
    await campaign('the correction', { ...wrong, who: 'over_told', audience: 'over_told' });
    await compare.all('the correction');
    await campaign('the correction to the retracted', { ...wrong, who: 'retracted_after_notice', audience: 'retracted_after_notice' });
    await compare.all('the correction to the retracted');
  },
  async 'the end is not there while people are owed something'() {
    await act.moveOn(page, base, /Start notifying/);
    compare.state = 'notifying';
    await compare.all('notifying', { only: ['dashboard', 'incidents', 'incident'] });
    await act.moveOn(page, base, /Monitor/);
    compare.state = 'monitoring';
    await compare.all('monitoring', { only: ['dashboard', 'incidents', 'incident'] });
    await shoot(page, base, 'not-over', ['', 'incidents', 'incidents/walk']);
  },
  async 'who is still owed something gets a letter, a correction on paper, or a call'() {
    const last = await take('letter', 'People whom no e-mail reaches');
    const wrong = await take('correction', 'People who were told of something that is not theirs');
    assert.ok(wrong.rows.length > 3);
    await compare.all('the last lists taken', { only: ['dashboard', 'account', 'letters', 'persons', 'programs'] });
    await shoot(page, base, 'letters', ['incidents/walk/letters']);
    for (const { list } of [last, wrong]) {
      await act.post(page, base, list.id);
      model.record(list);
    }
    await compare.all('a letter and a correction posted');
    await act.tell(page, base, kept.safe.list.id);
    model.record(kept.safe.list);
    // People without e-mail and without a postal address.
    for (const p of model.due('letter')) model.tellOne(await act.tellOne(page, base, p.row.reference), p);
    const { needs_letter, told_too_much, unnotified_elements, in_progress } = model.account;
    assert.deepEqual([needs_letter, told_too_much, unnotified_elements, in_progress], [0, 0, 0, 0]);
    await compare.all('everybody who can be told is told', { thorough: true });
    Object.assign(kept, { last, wrong });
  },
  async 'who gets a letter reads on their page what the letter says'() {
    const reader = await person(browser);
    const first = (list, test) => {
      const row = list.rows.find((one) => one.locale === 'en' && test(model.people.get(one.reference)));
      return [row, list.list.letters.find((one) => one.person.row.reference === row.reference)];
    };
    await customer(compare, reader, 'customer-letter', ...first(kept.last, (p) => p.inScope));
    await customer(compare, reader, 'customer-corrected', ...first(kept.wrong, (p) => p.inScope));
    await customer(compare, reader, 'customer-not-affected', ...first(kept.wrong, (p) => !p.inScope));
    await shoot(page, base, 'end', ['', 'incidents/walk', 'incidents/walk/account', 'incidents/walk/letters', 'incidents/walk/scopes/2', 'campaigns']);
    for (const kind of [(p) => p.isFormer, (p) => p.letters.length > 1, (p) => !p.inScope && p.letters.length]) {
      await shoot(page, base, 'end', [(await personAt(compare, model.all.find(kind))).slice(`${base}/console/`.length)]);
    }
  },
};

assert.deepEqual(ELEMENTS.filter((code) => !compare.elements[code]), []);
const about = async () => `stopped on ${page.url()}: ${(await page.locator('[role="alert"]').allTextContents()).join(' ')}`;
await go(browser, steps, { about });
sink.close();
if (compare.faults.length) {
  console.error(`FAILED: ${compare.faults.length} figures are false\n${compare.faults.slice(0, 400).join('\n')}`);
  process.exitCode = 1;
}
