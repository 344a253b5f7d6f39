// What must be true of the incident, in plain memory, written from the promises P1 and P2: it knows nothing of the program.

/** Whether every one of `some` is in `all`. */
const within = (some, all) => [...some].every((one) => all.has(one));
const FORBIDDING = ['hold', 'protected', 'deceased'];
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

/** For whom each audience is. */
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

  /** What relays must have accepted: whom, and which elements the text names. */
  sent = [];

  /** Addresses that refused. */
  refused = [];

  get all() { return [...this.people.values()]; }

  get inScope() { return this.all.filter((p) => p.inScope); }

  /** What putting a full list in force changes, and puts it in force. */
  activate(rows, { accepted, rejected }) {
    const delta = this.#delta(rows);
    const listed = new Set(rows.map((row) => row.reference));
    for (const row of rows) {
      const known = this.people.get(row.reference);
      if (known) Object.assign(known, { row, inScope: true });
      else this.people.set(row.reference, new Person(row));
    }
    for (const p of this.all) p.inScope &&= listed.has(p.row.reference);
    for (const scope of this.scopes) scope.status = 'superseded';
    this.scopes.unshift({ version: this.scopes.length + 1, status: 'active', accepted, rejected, delta });
    return delta;
  }

  #delta(rows) {
    const delta = { added: 0, moreTaken: 0, lessTaken: 0, retracted: 0, contact: 0, identity: 0, set: {}, lifted: {} };
    const listed = new Set(rows.map((row) => row.reference));
    const mailbox = (row) => row.email.toLowerCase();
    for (const row of rows) {
      const before = this.people.get(row.reference)?.row;
      if (!before) { delta.added += 1; continue; }
      for (const flag of row.flags) if (!before.flags.has(flag)) delta.set[flag] = (delta.set[flag] ?? 0) + 1;
      for (const flag of before.flags) if (!row.flags.has(flag)) delta.lifted[flag] = (delta.lifted[flag] ?? 0) + 1;
      delta.moreTaken += !within(row.elements, before.elements);
      delta.lessTaken += !within(before.elements, row.elements);
      const same = ['email', 'name', 'locale', 'jurisdiction', 'postcode', 'address'].every((key) => row[key] === before[key]);
      delta.contact += !same || String([...row.flags].sort()) !== String([...before.flags].sort());
      delta.identity += row.name !== before.name && mailbox(row) !== mailbox(before) && row.address !== before.address;
    }
    delta.retracted = this.inScope.filter((p) => !listed.has(p.row.reference)).length;
    return delta;
  }

  /** How an audience divides. */
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

  /** Everybody whom it is for is written to; what becomes of each message follows from the address. */
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

  /** Who belongs on the next list of a kind. */
  toList(kind) {
    const waits = (p) => this.lists.some((list) => list.state === 'listed' && list.letters.some((one) => one.person === p));
    const belongs = {
      letter: (p) => p.stands === 'needs_letter',
      kin: (p) => p.reason === 'deceased',
      safe: (p) => p.reason === 'protected_address',
    }[kind];
    return this.all.filter((p) => belongs(p) && !waits(p));
  }

  take(id, kind) {
    const letters = this.toList(kind).map((person) => ({ person, names: new Set(person.exposed), status: 'listed' }));
    const list = { id, kind, state: 'listed', letters };
    for (const letter of letters) letter.person.letters.unshift({ list, letter });
    this.lists.unshift(list);
    return list;
  }

  /** People on a list who must not be told by it any more. */
  barred(list) {
    const why = (p) => (p.inScope ? REASONS[p.forbidden] : 'retracted');
    const meant = { kin: 'deceased', safe: 'protected_address' }[list.kind];
    return count(list.letters.map((one) => why(one.person)).filter((one) => one && one !== meant));
  }

  /** Its letters were posted, or its people told. */
  record(list) {
    list.state = 'posted';
    for (const letter of list.letters) {
      const { person } = letter;
      Object.assign(letter, { status: 'posted', before: { told: person.told, knows: person.knows } });
      person.tell(list.kind === 'letter' ? 'post' : 'otherwise', letter.names);
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
