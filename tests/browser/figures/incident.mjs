// The pages of an incident: dashboard, incidents, the incident, its account and its lists of affected people.
import { fetched, named, number, numbers, open, rows, texts } from './pages.mjs';

const PARTS = ['jurisdiction', 'locale', 'element', 'reason'];
const TITLE = 'Theft of data';

/** `1 person needs`, `2 people need`; as the beginning of a sentence. */
const who = (n, one, many) => (n === 1 ? `1 person ${one}` : `${n} people ${many}`);

const keyOf = ({ notified, in_progress, needs_letter, withheld, unexplained }) =>
  ({ notified, 'in progress': in_progress, 'needs letter': needs_letter, withheld, unexplained });

/** The comms lead's open work: sentences, each with what to do. */
function needs({ account, campaigns, ...model }) {
  const all = [];
  const need = (n, one, many, act) => { if (n > 0) all.push(`${TITLE}: ${who(n, one, many)}. ${act}`); };
  const isKnown = campaigns.every((one) => !['in_review', 'approved'].includes(one.status));
  if (isKnown) need(account.in_progress, 'is in progress, and no campaign will reach them', 'are in progress, and no campaign will reach them', 'Draft a campaign');
  need(account.unnotified_elements, 'was told less than was taken', 'were told less than was taken', 'Draft a supplement');
  need(account.told_too_much - account.correction_letters, 'was told of something that is not theirs', 'were told of something that is not theirs', 'Draft a correction');
  if (['confirmed', 'scoping'].includes(model.state)) need(account.notified, `is told, and the incident is still ${model.state}`, `are told, and the incident is still ${model.state}`, 'Move it on');
  const lists = {
    letter: ['letters', 'needs a letter', 'need a letter'],
    correction: ['letters of correction', ...['was', 'were'].map((verb) => `${verb} told of something that is not theirs, and no e-mail reaches them`)],
    kin: ['next of kin', 'died: the next of kin are to be told', 'died: their next of kin are to be told'],
    safe: ['people at a protected address', ...['is', 'are'].map((verb) => `at a protected address ${verb} to be told through a safe channel`)],
  };
  for (const [kind, [words, one, many]] of Object.entries(lists)) {
    const done = ['kin', 'safe'].includes(kind) ? 'told' : 'posted';
    need(model.waiting(kind), `is on a list of ${words} that is not recorded as ${done}`, `are on lists of ${words} that are not recorded as ${done}`, `Record it as ${done}`);
    const onLists = model.onLists(kind);
    const left = onLists > 0 ? '. They are on no list yet' : '';
    need(model.due(kind).length - onLists, one + left, many + left, 'Take the list');
  }
  const approved = campaigns.filter((one) => one.status === 'approved').map((one) => `${TITLE}: “${one.name}” (no. N, ${one.kind}, drafted …) is approved and not launched. Launch it`);
  return [...all, ...approved];
}

const correct = (mails, letters) => [mails > 0 ? 'draft a correction' : '', letters > 0 ? 'take the list of letters of correction' : ''].filter(Boolean).join(', and ');

export async function dashboard(compare) {
  const { model } = compare;
  const { account } = model;
  const is = (figure, shown, expected) => compare.is('the dashboard', figure, shown, expected);
  const read = await open(compare.page, compare.at(''));
  const items = read.items.map((text) => text.replace(/\(no\. \d+, (\w+), drafted [^)]* UTC\)/, '(no. N, $1, drafted …)'));
  is('what needs you', items.toSorted(), needs({ ...waits(model), state: compare.state }).toSorted());
  const card = read.cards.find((text) => text.startsWith(TITLE)) ?? '';
  if (!model.scopes.length) return is('the incident', card.includes('No scope is active'), true);
  is('the account', numbers(read.keys[0]), keyOf(account));
  is('the bar', read.bars[0], bar(account));
  is('people', number(read.figures.at(-1)), account.people);
  const [less, much] = [account.unnotified_elements, account.told_too_much];
  const sentences = [
    ...(less > 0 ? [`${who(less, 'was', 'were').replace(/ (?=person|people)/, ' notified ')} told less than was exposed: draft a supplement`] : []),
    ...(much > 0 ? [`${who(much, 'was', 'were')} told of something that is not theirs: ${correct(much - account.correction_letters, account.correction_letters)}`] : []),
  ];
  if (!sentences.length) sentences.push(account.notified > 0 ? 'Everybody who is notified was last told all that was exposed, and nothing else' : 'Nobody is notified yet');
  const said = card.slice(card.indexOf('unexplained')).replace(/^unexplained \d+ /, '').replace(/ ?· counted just now$/, '');
  return is('what was told rightly', said, sentences.join(' '));
}

/** The model with what only pages need: getters do not survive a spread. */
const waits = (model) => ({
  account: model.account,
  campaigns: model.campaigns,
  waiting: (kind) => model.waiting(kind),
  due: (kind) => model.due(kind),
  onLists: (kind) => model.onLists(kind),
});

/** What a screen reader reads of the bar. */
const bar = (account) => `${account.people} people: ${Object.entries(keyOf(account)).map(([name, n]) => `${name} ${n}`).join(', ')}`;

export async function incidents(compare) {
  const { account } = compare.model;
  const read = await open(compare.page, compare.at('/incidents'));
  const [[title, state, people, notified]] = texts(read.tables.Incidents);
  compare.is('the incidents', 'the row', [title, state, people, notified], [TITLE, compare.state, String(account.people), String(account.notified)]);
}

export async function incident(compare) {
  const { account, scopes } = compare.model;
  const is = (figure, shown, expected) => compare.is('the incident', figure, shown, expected);
  const read = await open(compare.page, compare.at('/incidents/walk'));
  is('its state', read.badge, compare.state);
  if (scopes.length) {
    is('the account', numbers(read.keys[0]), keyOf(account));
    is('the bar', read.bars[0], bar(account));
    is('people', number(read.figures[0]), account.people);
    const { needs_letter, withheld, unexplained, unnotified_elements, told_too_much } = account;
    const tiles = { 'Needs letter': needs_letter, Withheld: withheld, Unexplained: unexplained, 'Told too little': unnotified_elements, 'Told too much': told_too_much };
    is('tile', numbers(read.tiles), tiles);
  }
  const versions = scopes.map((one) => [`v${one.version}`, one.status, String(one.accepted), String(one.rejected)]);
  const drafts = compare.draft ? [[`v${compare.draft.version}`, 'draft', String(compare.draft.accepted), String(compare.draft.rejected)]] : [];
  is('scope versions', texts(read.tables['Scope versions']).map((row) => row.slice(0, 4)), [...drafts, ...versions]);
  is('campaigns', texts(read.tables.Campaigns).map(([name, ...row]) => [named(name), ...row]), compare.model.campaignRows());
  if (compare.facts) is('the fact sheet', read.text.includes(compare.facts), true);
  ends(compare, read);
}

/** What prevents moving it on, each with its number. */
function ends(compare, read) {
  const { account, campaigns, lists } = compare.model;
  const is = (figure, shown, expected) => compare.is('the incident', figure, shown, expected);
  const people = (progress, letters) => [
    [account.in_progress, ...progress],
    [account.needs_letter, ...letters],
    [account.unnotified_elements, 'was told less than was exposed', 'were told less than was exposed'],
    [account.told_too_much, 'was told of something that is not theirs', 'were told of something that is not theirs'],
  ].filter(([n]) => n > 0).map(([n, one, many]) => who(n, one, many));
  if (compare.state === 'notifying') {
    const untold = people(['is in progress', 'are in progress'], ['needs a letter', 'need a letter']);
    const asked = read.text.match(/Not everybody is told rightly: (.*?)\./)?.[1];
    is('before monitoring', asked, untold.length ? untold.join(', ') : undefined);
  }
  if (compare.state !== 'monitoring') return;
  const underWay = campaigns.filter((one) => ['in_review', 'approved'].includes(one.status)).length;
  const waiting = lists.filter((one) => one.state === 'listed').length;
  const reasons = [
    ...people(['is in progress: not told yet', 'are in progress: not told yet'], ['needs a letter', 'need a letter']),
    ...(underWay ? [underWay === 1 ? '1 campaign is under way: let it end, or cancel it' : `${underWay} campaigns are under way: let them end, or cancel them`] : []),
    ...(waiting ? [waiting === 1 ? '1 list of letters waits: record it as posted, or discard it' : `${waiting} lists of letters wait: record them as posted, or discard them`] : []),
    ...(compare.draft ? ['1 list waits as a draft: activate or discard it'] : []),
  ];
  is('before closing', read.blocked, reasons.length ? [`Not yet: ${reasons.join('; ')}.`] : []);
  if (!reasons.length) is('who stays untold', read.text.match(/(\d+) (person is|people are) withheld and stays? untold/)?.[1], account.withheld ? String(account.withheld) : undefined);
}

export async function account(compare) {
  if (!compare.model.scopes.length) return;
  const { account: all } = compare.model;
  const is = (figure, shown, expected) => compare.is('the account', figure, shown, expected);
  const read = await open(compare.page, compare.at('/incidents/walk/account'));
  is('the account', numbers(read.keys[0]), keyOf(all));
  is('the bar', read.bars[0], bar(all));
  is('people', number(read.figures[0]), all.people);
  is('tile', numbers(read.tiles), {
    'Notified by post': all.notified_by_post,
    'Notified otherwise': all.notified_otherwise,
    'Needs letter': all.needs_letter,
    Withheld: all.withheld,
    'Told too little': all.unnotified_elements,
    'Told too much': all.told_too_much,
    Unexplained: all.unexplained,
  });
  for (const kind of PARTS) {
    const shown = texts(read.tables[kind]).map(([value, ...figures]) => [value, figures.map(number)]);
    const inWords = (value) => (kind === 'reason' ? value.replaceAll('_', ' ') : value) || 'not known';
    const expected = Object.entries(compare.model.parts(kind)).map(([value, figures]) => [inWords(value), figures]);
    is(`by ${kind}`, Object.fromEntries(shown), Object.fromEntries(expected));
  }
}

/** Figures of the account link to exactly the people that they count. */
export async function behind(compare) {
  const read = await open(compare.page, compare.at('/incidents/walk/account'));
  const figures = PARTS.flatMap((kind) => read.tables[kind] ?? []).flatMap((row) => row.slice(1)).filter((cell) => cell.href);
  compare.is('the account', 'more than 50 figures lead on', figures.length > 50, true);
  // Another fifth of them each time.
  compare.fifth = (compare.fifth ?? 0) + 1;
  const cells = figures.filter((_, n) => n % 5 === compare.fifth);
  const first = await fetched(compare.page, cells.map((cell) => cell.href));
  for (const [n, cell] of cells.entries()) {
    const more = first[n].next ? await rows(compare.page, new URL(first[n].next, new URL(cell.href, compare.base)).href, 'People') : [];
    compare.is(cell.href, 'people', (first[n].tables.People ?? []).length + more.length, number(cell.text));
    compare.is(cell.href, 'the sentence', first[n].text.match(/· ([\d,]+) (?:person|people)/)?.[1], cell.text);
  }
}

export async function scopes(compare) {
  const all = [...(compare.draft ? [compare.draft] : []), ...compare.model.scopes];
  const read = await fetched(compare.page, all.map((one) => compare.at(`/incidents/walk/scopes/${one.version}`)));
  for (const [n, one] of all.entries()) scope(compare, one, read[n]);
}

function scope(compare, { version, accepted, rejected, again = 0, replaced = 0, delta, status = 'draft' }, { tiles, tables, badge, questions }) {
  const is = (figure, shown, expected) => compare.is(`v${version}`, figure, shown, expected);
  is('its state', badge, status);
  // Tiles that are hidden where they are 0.
  const asked = {
    'Refused again': again,
    Replaced: replaced,
    'Another person': delta.identity,
    'E-mail address lost': delta.emailsLost,
    'Postal address lost': delta.addressesLost,
  };
  is('tile', numbers(tiles), {
    Accepted: accepted,
    Rejected: rejected,
    'People added': delta.added,
    'Elements added': delta.moreTaken,
    'Elements retracted': delta.lessTaken,
    'People retracted': delta.retracted,
    'Contact changes': delta.contact,
    ...Object.fromEntries(Object.entries(asked).filter(([, figure]) => figure > 0)),
  });
  const changes = (name) => Object.fromEntries(texts(tables[name]).map(([value, come, go]) => [value === 'not known' ? '' : value, [number(come), number(go)]]));
  const both = (come, go) => Object.fromEntries([...new Set([...Object.keys(come), ...Object.keys(go)])].map((value) => [value, [come[value] ?? 0, go[value] ?? 0]]));
  is('by flag', changes('By flag'), both(delta.set, delta.lifted));
  is('by element', changes('By element'), both(delta.comes.element, delta.leaves.element));
  is('by jurisdiction', changes('By jurisdiction'), both(delta.comes.jurisdiction, delta.leaves.jurisdiction));
  if (status === 'draft') is('what is asked', questions, asks(delta, { version, accepted, rejected }));
}

/** The questions of a draft before it takes effect. */
function asks(delta, { version, accepted, rejected }) {
  const lose = (n, what) => `${who(n, 'loses their', 'lose their')} ${what} address: the list has none for them.`;
  const all = [
    rejected * 100 > (accepted + rejected) * 5 && `${rejected} of ${accepted + rejected} rows were refused, and the list takes effect without them.`,
    ...Object.entries(delta.lifted).map(([flag, n]) => `The flag ${flag} is lifted from ${n} ${n === 1 ? 'person' : 'people'}.`),
    version > 1 && delta.retracted > 0 && `${who(delta.retracted, 'leaves', 'leave')} the scope: the full list does not name them.`,
    delta.emailsLost > 0 && lose(delta.emailsLost, 'e-mail'),
    delta.addressesLost > 0 && lose(delta.addressesLost, 'postal'),
    delta.toldTooMuch > 0 && `${who(delta.toldTooMuch, 'stays', 'stay')} in scope and ${delta.toldTooMuch === 1 ? 'was' : 'were'} told of data that the list takes back: a correction must tell them.`,
    delta.identity > 0 && `${delta.identity} ${delta.identity === 1 ? 'reference seems' : 'references seem'} to name another person now: the name is new, and no e-mail address stays. Of the former people ${delta.identityTold} ${delta.identityTold === 1 ? 'was' : 'were'} told.`,
  ];
  return all.filter(Boolean).sort();
}
