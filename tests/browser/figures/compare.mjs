// Every figure on every page against the model, the sink and the recount.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { count, grouped } from './model.mjs';
import { fetched, number, open, rows, texts } from './pages.mjs';

const run = promisify(execFile);
const PARTS = ['jurisdiction', 'locale', 'element', 'reason'];
const STATES = ['queued', 'sending', 'deferred', 'uncertain', 'bounced', 'expired', 'withheld', 'cancelled'];
const KINDS = { initial: 'Notice of data breach', supplement: 'More about your data', correction: 'Correction of what we told you' };
const LISTS = { letter: 'letters', kin: 'next of kin', safe: 'safe channels' };
const TITLE = 'Theft of data';

/** `1 person needs`, `2 people need`. */
const who = (n, one, many) => (n === 1 ? `1 person ${one}` : `${n} people ${many}`);

/** Numbers from a map of texts. */
const numbers = (of) => Object.fromEntries(Object.entries(of).map(([name, figure]) => [name, number(figure)]));

export class Compare {
  /** What was false so far. */
  faults = [];

  constructor(world) { Object.assign(this, world); }

  at(path) { return `${this.base}/console${path}`; }

  async api(path) {
    const answer = await fetch(`${this.base}/api/v1${path}`, { headers: { authorization: `Bearer ${this.key}` } });
    assert.ok(answer.ok, `${path} answers ${answer.status}`);
    return answer.json();
  }

  /** Elements in words, as a set, so that their order does not matter. */
  words(elements, locale = 'en') { return new Set([...elements].map((code) => this.elements[code][locale])); }

  said(text) { return new Set(text ? text.split(/, | and /) : []); }

  /** Everything, after a step. */
  async all(step, { thorough = false, only } = {}) {
    const parts = only ?? ['messages', 'dashboard', 'incident', 'account', 'scopes', 'campaigns', 'letters', 'programs', 'metrics', 'people', 'persons', 'recount'];
    if (thorough) parts.push('behind');
    const [faults, begun] = [[], Date.now()];
    for (const part of parts) await this[part]().catch((error) => faults.push(`${part}: ${error.stack}`));
    if (faults.length) this.faults.push(`after “${step}”:\n${faults.join('\n')}`);
    console.log(`compared after “${step}” (${Date.now() - begun} ms)`);
  }

  /** The sink got what the model says, once, and each text names exactly what was exposed, in the reader's language. */
  async messages() {
    const reference = (text) => /P-\d{4}/.exec(text)?.[0];
    const got = this.sink.accepted.map((one) => `${one.to} ${reference(one.text)}`).sort();
    assert.deepEqual(got, this.model.sent.map((one) => `${one.to} ${one.reference}`).sort());
    assert.deepEqual([...this.sink.refused].sort(), [...this.model.refused].sort());
    // Of each person the messages come in the order in which they were sent.
    const texts = grouped(this.sink.accepted, (one) => reference(one.text));
    for (const [of, expected] of grouped(this.model.sent, (one) => one.reference)) {
      expected.forEach((message, n) => this.#names(message, texts.get(of)[n].text));
    }
  }

  #names(message, text) {
    const list = text.split('\n\n').map((one) => one.replaceAll(/\s+/g, '')).find((one) => one.includes('::'));
    if (!list) return assert.equal(message.names.size, 0, `${message.reference} reads no list: ${text}`);
    const named = this.named(list.slice(list.indexOf('::') + 2), message.locale);
    return assert.deepEqual(named, [...message.names].sort(), `${message.reference} reads: ${list}`);
  }

  /** The codes of the elements that a list in words names, the longest words first. */
  named(text, locale) {
    let left = text.replaceAll(/\s+/g, '');
    const word = (code) => this.elements[code][locale].replaceAll(/\s+/g, '');
    const longest = Object.keys(this.elements).sort((a, b) => word(b).length - word(a).length);
    return longest.filter((code) => {
      const found = left.includes(word(code));
      left = left.replace(word(code), '|');
      return found;
    }).sort();
  }

  #key(key) {
    const { notified, in_progress, needs_letter, withheld, unexplained } = this.model.account;
    assert.deepEqual(numbers(key), { notified, 'in progress': in_progress, 'needs letter': needs_letter, withheld, unexplained });
  }

  async dashboard() {
    const { account, campaigns } = this.model;
    const read = await open(this.page, this.at(''));
    const needs = [];
    const need = (n, one, many) => { if (n > 0) needs.push(`${TITLE}: ${who(n, one, many)}.`); };
    const known = campaigns.every((one) => !['in_review', 'approved'].includes(one.status));
    if (known) need(account.in_progress, 'is in progress, and no campaign will reach them', 'are in progress, and no campaign will reach them');
    need(account.unnotified_elements, 'was told less than was taken', 'were told less than was taken');
    need(account.needs_letter, 'needs a letter', 'need a letter');
    const approved = campaigns.filter((one) => one.status === 'approved').map((one) => `“${one.name}” is approved and not launched.`);
    const shown = read.items.map((item) => item.replace(/ ?(Draft a campaign|Draft a supplement|To the letters|Launch it)$/, ''));
    assert.deepEqual(shown.sort(), [...needs, ...approved].sort());
    const card = read.cards.find((text) => text.startsWith(TITLE));
    if (!this.model.scopes.length) return assert.match(card, /No scope is active/);
    this.#key(read.keys[0]);
    assert.equal(number(read.figures.at(-1)), account.people);
    const less = account.unnotified_elements;
    const sentence = less > 0
      ? `${less} notified ${less === 1 ? 'person was' : 'people were'} told less than was exposed`
      : account.notified > 0 ? 'Whoever is notified was told all that was exposed' : 'Nobody is notified yet';
    return assert.ok(card.includes(sentence), `${card} should say: ${sentence}`);
  }

  async incident() {
    const { account, scopes, campaigns } = this.model;
    const read = await open(this.page, this.at('/incidents/walk'));
    if (scopes.length) {
      this.#key(read.keys[0]);
      assert.equal(number(read.figures[0]), account.people);
      const { needs_letter, withheld, unexplained, unnotified_elements } = account;
      const tiles = { 'Needs letter': needs_letter, Withheld: withheld, Unexplained: unexplained, 'Told too little': unnotified_elements };
      assert.deepEqual(numbers(read.tiles), tiles);
    }
    const versions = scopes.map((one) => [`v${one.version}`, one.status, String(one.accepted), String(one.rejected)]);
    const drafts = this.draft ? [[`v${this.draft.version}`, 'draft', String(this.draft.accepted), String(this.draft.rejected)]] : [];
    assert.deepEqual(texts(read.tables['Scope versions']).map((row) => row.slice(0, 4)), [...drafts, ...versions]);
    assert.deepEqual(texts(read.tables.Campaigns), this.#campaignRows());
    if (this.facts) assert.ok(read.text.includes(this.facts), this.facts);
  }

  /** Before it is launched nobody was sent anything, and of how many its own page says. */
  #campaignRows() {
    return this.model.campaigns.map((one) => {
      const sent = one.notices.filter((notice) => notice.status === 'sent').length;
      const of = one.status === 'completed' ? [String(sent), String(one.notices.length)] : ['–', '–'];
      return [one.name, one.kind, one.status.replace('_', ' '), ...of];
    });
  }

  async account() {
    if (!this.model.scopes.length) return;
    const { account } = this.model;
    const read = await open(this.page, this.at('/incidents/walk/account'));
    this.#key(read.keys[0]);
    assert.equal(number(read.figures[0]), account.people);
    assert.deepEqual(numbers(read.tiles), {
      'Notified by post': account.notified_by_post,
      'Notified otherwise': account.notified_otherwise,
      'Needs letter': account.needs_letter,
      Withheld: account.withheld,
      Unexplained: account.unexplained,
    });
    for (const kind of PARTS) {
      const shown = texts(read.tables[kind]).map(([value, ...figures]) => [value === 'not known' ? '' : value, figures.map(number)]);
      assert.deepEqual(Object.fromEntries(shown), this.model.parts(kind), kind);
    }
  }

  /** Figures of the account lead to exactly the people that it counts. */
  async behind() {
    const read = await open(this.page, this.at('/incidents/walk/account'));
    const figures = PARTS.flatMap((kind) => read.tables[kind] ?? []).flatMap((row) => row.slice(1)).filter((cell) => cell.href);
    assert.ok(figures.length > 50, `${figures.length} figures lead on`);
    // Another fifth of them each time.
    this.fifth = (this.fifth ?? 0) + 1;
    const cells = figures.filter((_, n) => n % 5 === this.fifth);
    const first = await fetched(this.page, cells.map((cell) => cell.href));
    for (const [n, cell] of cells.entries()) {
      const more = first[n].next ? await rows(this.page, new URL(first[n].next, new URL(cell.href, this.base)).href, 'People') : [];
      assert.equal((first[n].tables.People ?? []).length + more.length, number(cell.text), cell.href);
    }
  }

  async scopes() {
    const all = [...(this.draft ? [this.draft] : []), ...this.model.scopes];
    const read = await fetched(this.page, all.map((one) => this.at(`/incidents/walk/scopes/${one.version}`)));
    for (const [n, { version, accepted, rejected, delta, status = 'draft' }] of all.entries()) {
      const { tiles, tables, badge } = read[n];
      assert.equal(badge, status);
      const { Replaced, 'Name and address new': identity, ...rest } = numbers(tiles);
      assert.deepEqual(rest, {
        Accepted: accepted,
        Rejected: rejected,
        'People added': delta.added,
        'Elements added': delta.moreTaken,
        'Elements retracted': delta.lessTaken,
        'People retracted': delta.retracted,
        'Contact changes': delta.contact,
      }, `v${version}`);
      assert.equal(identity ?? 0, delta.identity);
      const flags = Object.fromEntries(texts(tables['By flag']).map(([flag, set, lifted]) => [flag, [number(set), number(lifted)]]));
      const changed = new Set([...Object.keys(delta.set), ...Object.keys(delta.lifted)]);
      assert.deepEqual(flags, Object.fromEntries([...changed].map((flag) => [flag, [delta.set[flag] ?? 0, delta.lifted[flag] ?? 0]])));
    }
  }

  async campaigns() {
    const list = await open(this.page, this.at('/campaigns'));
    assert.deepEqual(texts(list.tables.Campaigns).map(([name, , ...row]) => [name, ...row]), this.#campaignRows());
    for (const one of this.model.campaigns) await this.#campaign(one);
  }

  async #campaign(one) {
    const address = this.at(`/campaigns/${one.id}`);
    const [read, notices] = await fetched(this.page, [address, `${address}/notices`]);
    assert.equal(read.badge, one.status.replace('_', ' '));
    const counts = { ...Object.fromEntries(STATES.map((state) => [state, 0])), sent: 0, ...count(one.notices.map((notice) => notice.status)) };
    // Before the launch no message has a state, and `withheld` is the tile of the audience.
    const isOver = one.status === 'completed';
    for (const state of STATES) {
      if (isOver) assert.equal(number(read.tiles[state]), counts[state], state);
      else assert.ok(state === 'withheld' || !(state in read.tiles), state);
    }
    const tabs = Object.fromEntries(notices.tabs.slice(1).map((tab) => [tab.split(' ')[0], number(tab)]));
    assert.deepEqual(tabs, Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0)));
    if (!isOver) return this.#audience(one, read);
    const total = one.notices.length;
    assert.match(read.figures[0], new RegExp(`^${counts.sent} of ${total} sent$`));
    const replies = texts(read.tables.Replies).map(([code, , n]) => [code, number(n)]);
    const expected = [['250', counts.sent], ['550 5.1.1', counts.bounced]].filter(([, n]) => n > 0);
    assert.deepEqual(replies.sort(), expected.sort());
    const relays = texts(read.tables.Relays).map(([relay, , , ...figures]) => [relay, ...figures.map(number)]);
    assert.deepEqual(relays, [['relay', counts.sent, 0, counts.bounced]]);
    assert.deepEqual(numbers(read.keys.at(-1)), { sent: counts.sent, 'put off': 0, refused: counts.bounced });
    const listed = await rows(this.page, `${address}/notices`, 'Notices');
    const lines = texts(listed).map(([reference, , locale, state]) => `${reference} ${locale} ${state}`);
    return assert.deepEqual(lines.sort(), one.notices.map(({ person, status }) => `${person.row.reference} ${person.row.locale} ${status}`).sort());
  }

  /** Before the launch the page says whom it goes to, and what they read. */
  #audience(one, read) {
    const { mailable, withheld, unreachable } = this.model.audience(one.who);
    const tiles = { 'by e-mail': mailable.length, withheld: withheld.length, 'need a letter': unreachable.length, 'wait elsewhere': 0 };
    for (const [name, n] of Object.entries(tiles)) assert.equal(number(read.tiles[name]), n, name);
    assert.match(read.figures[0], new RegExp(`^0 of ${mailable.length} sent$`));
    const readers = texts(read.tables['Who reads what']).map(([language, n, text]) => [language, number(n), /not in their language/.test(text)]);
    const expected = Object.entries(count(mailable.map((p) => p.row.locale)))
      .map(([locale, n]) => [this.languages[locale], n, !one.locales.includes(locale)]);
    assert.deepEqual(readers.sort(), expected.sort());
  }

  async letters() {
    if (!this.model.scopes.length) return;
    const { model } = this;
    const read = await open(this.page, this.at('/incidents/walk/letters'));
    const reasons = model.parts('reason');
    const waiting = (kind) => model.lists.filter((one) => one.kind === kind && one.state === 'listed').reduce((n, one) => n + one.letters.length, 0);
    const lists = texts(read.tables.Lists).map((row) => row.slice(1, 3).map(number));
    assert.deepEqual(lists, [
      [model.account.needs_letter, waiting('letter')],
      [reasons.deceased?.[0] ?? 0, waiting('kin')],
      [reasons.protected_address?.[0] ?? 0, waiting('safe')],
    ]);
    assert.equal(read.items.length, model.lists.length);
    for (const [n, list] of model.lists.entries()) {
      const states = count(list.letters.map((one) => one.status));
      const item = read.items[n];
      assert.ok(item.startsWith(`${list.letters.length} people, ${LISTS[list.kind]} ${list.state}`), item);
      assert.ok(item.includes(list.id), item);
      assert.equal(number(/(\d+) came back/.exec(item)?.[0] ?? '0'), states.returned ?? 0, item);
      assert.equal(number(/(\d+) were not posted after all/.exec(item)?.[0] ?? '0'), states.not_posted ?? 0, item);
      const asked = [...item.matchAll(/(\d+) (?:person|people) on this list/g)].reduce((sum, [, people]) => sum + Number(people), 0);
      const barred = list.state === 'listed' ? Object.values(model.barred(list)).reduce((a, b) => a + b, 0) : 0;
      assert.equal(asked, barred, item);
    }
  }

  /** What programs read is the same. */
  async programs() {
    if (!this.model.scopes.length) return;
    assert.deepEqual(await this.api('/incidents/walk/account'), this.model.account);
    for (const kind of PARTS) {
      const { items, ...account } = await this.api(`/incidents/walk/account?by=${kind}`);
      assert.deepEqual(account, this.model.account);
      const parts = items.map((one) => [one.value, [one.people, one.notified, one.in_progress, one.needs_letter, one.withheld, one.unnotified_elements]]);
      assert.deepEqual(Object.fromEntries(parts), this.model.parts(kind), kind);
    }
    for (const one of this.model.campaigns) {
      const { counts } = await this.api(`/campaigns/${one.id}`);
      assert.deepEqual(Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0)), count(one.notices.map((notice) => notice.status)));
    }
    for (const { version, accepted, rejected, status, delta } of this.model.scopes) {
      const read = await this.api(`/incidents/walk/scopes/${version}`);
      const { people_added, people_retracted, elements_added, elements_retracted, contact_changes } = read.delta;
      assert.deepEqual(
        [read.status, read.accepted, read.rejected, people_added, people_retracted, elements_added, elements_retracted, contact_changes],
        [status, accepted, rejected, delta.added, delta.retracted, delta.moreTaken, delta.lessTaken, delta.contact],
      );
    }
    const { items } = await this.api('/incidents/walk/letters');
    const line = (list) => {
      const states = count(list.letters.map((one) => one.status));
      return [list.id, list.kind, list.state, list.letters.length, states.returned ?? 0, states.not_posted ?? 0];
    };
    assert.deepEqual(items.map((one) => [one.id, one.kind, one.state, one.people, one.returned, one.not_posted]), this.model.lists.map(line));
  }

  async metrics() {
    const text = await (await fetch(`${this.base}/metrics`)).text();
    const sums = {};
    for (const [, result, n] of text.matchAll(/^candor_messages_total\{.*result="(\w+)".*\} (\d+)$/gm)) sums[result] = (sums[result] ?? 0) + Number(n);
    const expected = { accepted: this.sink.accepted.length, refused: this.sink.refused.length };
    assert.deepEqual(sums, Object.fromEntries(Object.entries(expected).filter(([, n]) => n > 0)));
  }

  /** The list of people says of each what the model does. */
  async people() {
    const shown = new Map(texts(await rows(this.page, this.at('/incidents/walk/people'), 'People')).map((row) => [row[0], row]));
    assert.equal(shown.size, this.model.inScope.length);
    for (const p of this.model.inScope) {
      const [, address, locale, place, state, exposed, unnamed] = shown.get(p.row.reference);
      const owed = [...p.row.elements].filter((one) => !p.knows.has(one));
      const found = [address !== 'none', locale, place, state, this.said(exposed), this.said(unnamed)];
      const expected = [Boolean(p.row.email), p.row.locale, p.row.jurisdiction, `${p.stands.replaceAll('_', ' ')} ${p.reason}`.trim(), this.words(p.row.elements), this.words(owed)];
      assert.deepEqual(found, expected, p.row.reference);
    }
    for (const p of this.model.all.filter((one) => !one.inScope)) assert.ok(!shown.has(p.row.reference));
  }

  /** The pages of a sample of people: where they stand, every notice and every letter. */
  async persons() {
    if (!this.model.scopes.length) return;
    const sample = this.sample().map((reference) => this.model.people.get(reference));
    const ids = [];
    for (const p of sample) ids.push((await this.api(`/incidents/walk/people?reference=${p.row.reference}`)).items[0].id);
    const read = await fetched(this.page, ids.map((id) => this.at(`/people/${id}`)));
    for (const [n, p] of sample.entries()) {
      const { facts, tables, badge } = read[n];
      const of = p.row.reference;
      assert.equal(badge, p.stands.replaceAll('_', ' '), of);
      if (p.inScope) assert.deepEqual(this.said(facts.Exposed), this.words(p.row.elements), of);
      else assert.equal(facts.Exposed, 'nothing: not affected', of);
      assert.deepEqual(this.said(facts['Named to them'].replace('nothing yet', '')), this.words(p.knows), of);
      const owed = [...p.exposed].filter((one) => !p.knows.has(one));
      assert.deepEqual(this.said(facts['Not yet named'].replace('nothing', '')), this.words(owed), of);
      assert.equal(facts.Address === 'none', !p.row.email, of);
      assert.equal((facts.Flags ?? '').split(', ').filter(Boolean).sort().join(), [...p.row.flags].sort().join(), of);
      const notices = texts(tables.Notices).map(([kind, state, , names]) => [kind, state, this.said(names)]);
      assert.deepEqual(notices, p.notices.map((one) => [KINDS[one.kind], one.status, this.words(one.names)]), of);
      const states = { listed: /^on a list that waits$/, posted: /^(posted|told) on /, returned: /came back: moved away/, not_posted: /^did not happen after all$/ };
      const letters = texts(tables['Letters and calls']);
      const expected = p.letters.filter(({ list }) => list.state !== 'discarded');
      assert.equal(letters.length, expected.length, of);
      const open = (list) => letters.find((row) => row[3] === list.id);
      for (const { list, letter } of expected) {
        const [, state, names] = open(list);
        assert.match(state, states[letter.status], of);
        assert.deepEqual(this.said(names), this.words(letter.names), of);
      }
    }
  }

  /** Everybody counted anew, one by one. */
  async recount() {
    const { program, words, env } = this.candor;
    const { stdout } = await run(program, [...words, 'check', '--recount', '--json'], { env: { ...process.env, ...env, CANDOR_WALK: undefined } });
    const found = JSON.parse(stdout).filter((one) => one.what.startsWith('account'));
    assert.deepEqual(found, [{ what: 'account walk', ok: true, detail: 'equals the people, one by one' }]);
  }
}
