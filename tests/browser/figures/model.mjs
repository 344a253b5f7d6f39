// What must be true of the incident, in plain memory, written from the promises P1 and P2: it knows nothing of the program.

/** Whether every one of `some` is in `all`. */
const within = (some, all) => [...some].every((one) => all.has(one));
const FORBIDDING = ['hold', 'protected', 'deceased'];
/** The kinds of lists with postal letters; people on the other kinds are told otherwise. */
const POSTED = ['letter', 'correction'];
const REASONS = { hold: 'legal_hold', protected: 'protected_address', deceased: 'deceased' };

/** Count of each value. */
export function count(values) {
  const counts = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** The values by what `of` says of each. */
export function grouped(values, of) {
  const groups = new Map();
  for (const value of values) groups.set(of(value), [...(groups.get(of(value)) ?? []), value]);
  return groups;
}

class Person {
  constructor(row) {
    Object.assign(this, { row, inScope: true, told: null, knows: new Set(), refused: null, notices: [], letters: [] });
  }

  get exposed() { return this.inScope ? this.row.elements : new Set(); }

  get owes() { return !within(this.row.elements, this.knows); }

  get toldWrongly() { return !within(this.knows, this.exposed); }

  get forbidden() { return FORBIDDING.find((flag) => this.row.flags.has(flag)); }

  get reachable() { return Boolean(this.row.email) && this.row.email !== this.refused; }

  /** How they are to be corrected: `none`, `email`, `letter` or `withheld`. */
  get correction() {
    if (!this.toldWrongly) return 'none';
    if (this.forbidden) return 'withheld';
    return this.reachable ? 'email' : 'letter';
  }

  /** Their place in the account. */
  get stands() {
    if (!this.inScope) return 'retracted';
    const told = this.told && { email: 'notified', post: 'notified_by_post', otherwise: 'notified_otherwise' }[this.told];
    if (told && !this.owes) return told;
    if (this.forbidden) return 'withheld';
    if (!this.reachable) return 'needs_letter';
    return told ?? 'in_progress';
  }

  get reason() { return this.stands === 'withheld' ? REASONS[this.forbidden] : ''; }

  get isNotified() { return this.stands.startsWith('notified'); }

  tell(by, names) {
    this.told = by;
    this.knows = new Set([...this.knows, ...names]);
  }
}

/** The people in each audience. */
const MEANT = {
  told_nothing: (p) => p.inScope && !p.told,
  owed_more: (p) => p.inScope && p.told && p.owes,
  over_told: (p) => p.inScope && p.toldWrongly,
  retracted_after_notice: (p) => !p.inScope && p.knows.size > 0,
};

export class Model {
  people = new Map();

  scopes = [];

  campaigns = [];

  lists = [];

  /** The messages that relays must have accepted: their recipients, and the elements that each text names. */
  sent = [];

  /** Addresses that refused a message. */
  refused = [];

  get all() { return [...this.people.values()]; }

  get inScope() { return this.all.filter((p) => p.inScope); }

  /**
   * Puts a full list in force; `file`: what became of its rows; `another`: the references that name another person than
   * before. What it changed.
   */
  activate(rows, file, another = []) {
    const delta = this.delta(rows, another);
    const listed = new Set(rows.map((row) => row.reference));
    for (const reference of another) {
      const former = this.people.get(reference);
      Object.assign(former, { inScope: false, isFormer: true });
      this.people.delete(reference);
      this.people.set(`${reference}, before v${this.scopes.length + 1}`, former);
    }
    for (const row of rows) {
      const known = this.people.get(row.reference);
      if (known) Object.assign(known, { row, inScope: true });
      else this.people.set(row.reference, new Person(row));
    }
    for (const p of this.all) p.inScope &&= listed.has(p.row.reference);
    for (const scope of this.scopes) scope.status = 'superseded';
    this.scopes.unshift({ version: this.scopes.length + 1, status: 'active', ...file, delta });
    return delta;
  }

  /** What a full list changes; `another`: the references that name another person, as it was answered. */
  delta(rows, another = []) {
    const delta = {
      added: 0, moreTaken: 0, lessTaken: 0, retracted: 0, contact: 0, identity: 0, emailsLost: 0, addressesLost: 0, toldTooMuch: 0,
      set: {}, lifted: {}, comes: { element: {}, jurisdiction: {} }, leaves: { element: {}, jurisdiction: {} },
    };
    const listed = new Set(rows.map((row) => row.reference));
    const add = (to, values) => { for (const value of values) to[value] = (to[value] ?? 0) + 1; };
    const comes = (row) => { add(delta.comes.element, row.elements); add(delta.comes.jurisdiction, [row.jurisdiction]); };
    const leaves = (row) => { add(delta.leaves.element, row.elements); add(delta.leaves.jurisdiction, [row.jurisdiction]); };
    const mailbox = (row) => row.email.toLowerCase();
    for (const row of rows) {
      const person = this.people.get(row.reference);
      const before = person?.row;
      const isAnother = before && row.name !== before.name && mailbox(row) !== mailbox(before);
      delta.identity += Boolean(isAnother);
      if (!before || another.includes(row.reference)) {
        delta.added += 1;
        add(delta.set, row.flags);
        comes(row);
        if (before) { delta.retracted += 1; leaves(before); }
        continue;
      }
      add(delta.set, [...row.flags].filter((flag) => !before.flags.has(flag)));
      add(delta.lifted, [...before.flags].filter((flag) => !row.flags.has(flag)));
      const [more, less] = [[...row.elements].filter((one) => !before.elements.has(one)), [...before.elements].filter((one) => !row.elements.has(one))];
      add(delta.comes.element, more);
      add(delta.leaves.element, less);
      if (row.jurisdiction !== before.jurisdiction) {
        add(delta.comes.jurisdiction, [row.jurisdiction]);
        add(delta.leaves.jurisdiction, [before.jurisdiction]);
      }
      delta.moreTaken += more.length > 0;
      delta.lessTaken += less.length > 0;
      delta.toldTooMuch += Boolean(person.told) && less.some((one) => person.knows.has(one));
      const same = ['email', 'name', 'locale', 'jurisdiction', 'postcode', 'address'].every((key) => row[key] === before[key]);
      delta.contact += !same || String([...row.flags].sort()) !== String([...before.flags].sort());
      if (isAnother) continue;
      delta.emailsLost += Boolean(before.email && !row.email);
      delta.addressesLost += Boolean(before.address && !row.address);
    }
    for (const p of this.inScope.filter((one) => !listed.has(one.row.reference))) {
      delta.retracted += 1;
      leaves(p.row);
    }
    return delta;
  }

  /** The rows of campaigns. Before a launch no person was sent anything, and the campaign's own page shows the number. */
  campaignRows() {
    return this.campaigns.map((one) => {
      const sent = one.notices.filter((notice) => notice.status === 'sent').length;
      const of = one.status === 'completed' ? [String(sent), String(one.notices.filter((notice) => notice.status !== 'withheld').length)] : ['–', '–'];
      return [one.name, one.kind, one.status.replace('_', ' '), ...of];
    });
  }

  /** The parts of an audience. */
  audience(who) {
    const meant = this.all.filter(MEANT[who]);
    const withheld = meant.filter((p) => p.forbidden);
    const free = meant.filter((p) => !p.forbidden);
    return { withheld, mailable: free.filter((p) => p.reachable), unreachable: free.filter((p) => !p.reachable) };
  }

  /** A campaign that was drafted. */
  draft(id, kind, who) {
    const campaign = { id, kind, who, status: 'draft', notices: [] };
    this.campaigns.unshift(campaign);
    return campaign;
  }

  /** Each person in the audience is written to; the result of each message follows from the address. */
  launch(campaign) {
    const { mailable, withheld } = this.audience(campaign.who);
    const notice = (p, status) => {
      const one = { person: p, status, names: p.exposed, kind: campaign.kind };
      campaign.notices.push(one);
      p.notices.unshift(one);
    };
    for (const p of withheld) notice(p, 'withheld');
    for (const p of mailable) {
      if (/-gone@/.test(p.row.email)) {
        p.refused = p.row.email;
        this.refused.push(p.row.email);
        notice(p, 'bounced');
        continue;
      }
      this.sent.push({ to: p.row.email, reference: p.row.reference, locale: campaign.locales.includes(p.row.locale) ? p.row.locale : 'en', names: p.exposed });
      notice(p, 'sent');
      // A correction replaces what was said before.
      if (campaign.kind === 'correction') p.knows = new Set();
      p.tell('email', p.exposed);
    }
    campaign.status = 'completed';
  }

  /** The people to be told by a list of a kind, including those on a waiting one. */
  due(kind) {
    const belongs = {
      letter: (p) => p.stands === 'needs_letter' && p.correction === 'none',
      correction: (p) => p.correction === 'letter',
      kin: (p) => p.reason === 'deceased',
      safe: (p) => p.reason === 'protected_address',
    }[kind];
    return this.all.filter(belongs);
  }

  /** The number of people on waiting lists of a kind. */
  waiting(kind) {
    const lists = this.lists.filter((one) => one.kind === kind && one.state === 'listed');
    return lists.reduce((n, one) => n + one.letters.length, 0);
  }

  /** The people who would be on the next list of a kind if all had a postal address. */
  #next(kind) {
    const waits = (p) => this.lists.some((list) => list.state === 'listed' && list.letters.some((one) => one.person === p));
    return this.due(kind).filter((p) => !waits(p));
  }

  /** The people who belong on the next list of a kind: a letter needs a postal address. */
  toList(kind) { return this.#next(kind).filter((p) => p.row.address || !POSTED.includes(kind)); }

  /** The number of people to be told by a list of a kind who are on a waiting list of any kind. */
  onLists(kind) { return this.due(kind).length - this.#next(kind).length; }

  /** How many people lack a postal address now. */
  lacking(kind) {
    if (!POSTED.includes(kind)) return 0;
    return this.#next(kind).filter((p) => !p.row.address).length;
  }

  take(id, kind) {
    const letters = this.toList(kind).map((person) => ({ person, names: new Set(person.exposed), status: 'listed' }));
    const list = { id, kind, state: 'listed', letters };
    for (const letter of letters) letter.person.letters.unshift({ list, letter });
    this.lists.unshift(list);
    return list;
  }

  /** One person was told of everything that is exposed, in another way than by a list. */
  tellOne(id, person) {
    const letter = { person, names: new Set(person.exposed), status: 'listed', replaces: person.toldWrongly };
    const list = { id, kind: 'single', state: 'listed', letters: [letter] };
    person.letters.unshift({ list, letter });
    this.lists.unshift(list);
    this.record(list);
  }

  /** People on a list who must not be told by it any more, by reason. */
  barred(list) {
    const meant = { kin: 'deceased', safe: 'protected' }[list.kind];
    const why = ({ person: p, names }) => {
      const has = (flag) => p.row.flags.has(flag);
      // A correction that names nothing says that its person is not affected.
      if (!p.inScope && (list.kind !== 'correction' || names.size)) return 'retracted';
      if (has('hold')) return 'legal_hold';
      if (has('protected') && meant !== 'protected') return 'protected_address';
      if (has('deceased') && !meant) return 'deceased';
      return meant && !has(meant) ? 'flag_lifted' : '';
    };
    return count(list.letters.map(why).filter(Boolean));
  }

  /** Its letters were posted, or its people told. */
  record(list) {
    const isPosted = POSTED.includes(list.kind);
    list.state = isPosted ? 'posted' : 'told';
    for (const letter of list.letters) {
      const { person } = letter;
      Object.assign(letter, { status: 'posted', before: { told: person.told, knows: person.knows } });
      if (letter.replaces ?? list.kind === 'correction') person.knows = new Set();
      person.tell(isPosted ? 'post' : 'otherwise', letter.names);
    }
  }

  /** A letter came back, or never left; nothing else has told its person since. */
  back(letter, status) {
    Object.assign(letter.person, letter.before);
    letter.status = status;
  }

  /** The account, as pages and programs say it. */
  get account() {
    const people = this.inScope;
    const n = (test) => people.filter(test).length;
    const stands = (word) => n((p) => p.stands === word);
    return {
      people: people.length,
      notified: n((p) => p.isNotified),
      notified_by_post: stands('notified_by_post'),
      notified_otherwise: stands('notified_otherwise'),
      in_progress: stands('in_progress'),
      needs_letter: stands('needs_letter'),
      withheld: stands('withheld'),
      unnotified_elements: n((p) => p.isNotified && p.owes),
      // Also people who left the scope after they were told.
      told_too_much: this.all.filter((p) => ['email', 'letter'].includes(p.correction)).length,
      correction_letters: this.all.filter((p) => p.correction === 'letter').length,
      guardian_letters: 0,
      unexplained: 0,
    };
  }

  /** The account by one property: for each value the people of it. `unnamed` says who counts as told less. */
  parts(kind) {
    const values = { jurisdiction: (p) => [p.row.jurisdiction], locale: (p) => [p.row.locale], element: (p) => [...p.row.elements], reason: (p) => (p.reason ? [p.reason] : []) }[kind];
    const parts = {};
    for (const p of this.inScope) {
      for (const value of values(p)) {
        const part = (parts[value] ??= [0, 0, 0, 0, 0, 0]);
        const isUnnamed = kind === 'element' ? !p.knows.has(value) : p.owes;
        const at = p.isNotified ? 1 : ['in_progress', 'needs_letter', 'withheld'].indexOf(p.stands) + 2;
        part[0] += 1;
        part[at] += 1;
        part[5] += p.isNotified && isUnnamed;
      }
    }
    return parts;
  }
}
