// The list of people, and the pages of a sample of them.
import { fetched, rows, texts } from './pages.mjs';

const KINDS = { initial: 'Notice of data breach', supplement: 'More about your data', correction: 'Correction of what we told you' };

/** The list of people says of each what the model does. */
export async function people(compare) {
  const shown = new Map(texts(await rows(compare.page, compare.at('/incidents/walk/people'), 'People')).map((row) => [row[0], row]));
  compare.is('the people', 'references', [...shown.keys()].sort(), compare.model.inScope.map((p) => p.row.reference).sort());
  for (const p of compare.model.inScope.filter((one) => shown.has(one.row.reference))) {
    const [, address, locale, place, state, exposed, unnamed] = shown.get(p.row.reference);
    const owed = [...p.row.elements].filter((one) => !p.knows.has(one));
    compare.is('the people', p.row.reference, [address !== 'none', locale, place, state, compare.said(exposed), compare.said(unnamed)], [
      Boolean(p.row.email), p.row.locale, p.row.jurisdiction, `${p.stands} ${p.reason}`.trim().replaceAll('_', ' '), compare.words(p.row.elements), compare.words(owed),
    ]);
  }
}

/** Where a person's page is; of a former person of a reference, where their last notice leads. */
export async function address(compare, p) {
  if (!p.isFormer) return compare.at(`/people/${(await compare.api(`/incidents/walk/people?reference=${p.row.reference}`)).items[0].id}`);
  for (const campaign of compare.model.campaigns.filter((one) => p.notices.some((notice) => one.notices.includes(notice)))) {
    const all = await rows(compare.page, `${compare.at(`/campaigns/${campaign.id}`)}/notices`, 'Notices');
    const found = all.find((row) => row[0].text === p.row.reference);
    const [notice] = await fetched(compare.page, [found[0].href]);
    return new URL(notice.links.find((href) => /^\/console\/people\//.test(href)), compare.base).href;
  }
  throw new Error(`no notice leads to ${p.row.reference}`);
}

/** The pages of a sample of people: where they stand, every notice and every letter. */
export async function persons(compare) {
  if (!compare.model.scopes.length) return;
  const sample = compare.sample();
  const addresses = [];
  for (const p of sample) addresses.push(await address(compare, p));
  const read = await fetched(compare.page, addresses);
  for (const [n, p] of sample.entries()) person(compare, p, read[n]);
}

function person(compare, p, { facts, tables, badge, text }) {
  const is = (figure, shown, expected) => compare.is(`person ${p.row.reference}${p.isFormer ? ' (former)' : ''}`, figure, shown, expected);
  const { words, said } = { words: (codes) => compare.words(codes), said: (text) => compare.said(text) };
  is('where they stand', badge, p.stands.replaceAll('_', ' '));
  is('exposed', p.inScope ? said(facts.Exposed) : facts.Exposed, p.inScope ? words(p.row.elements) : 'nothing: not affected');
  is('named to them', said(facts['Told of'].replace(/^nothing( yet)?$/, '')), words(p.knows));
  is('named nothing yet', facts['Told of'] === 'nothing yet', !p.told);
  is('whom the reference names', /This is the former person/.test(text), Boolean(p.isFormer));
  is('told wrongly', said((facts['Told wrongly'] ?? '').replace(/: not theirs$/, '')), words([...p.knows].filter((one) => !p.exposed.has(one))));
  is('not yet named', said(facts['Not yet named'].replace('nothing', '')), words([...p.exposed].filter((one) => !p.knows.has(one))));
  is('e-mail', facts['E-mail'] !== 'no address', Boolean(p.row.email));
  is('language', facts.Language, p.row.locale);
  is('jurisdiction', facts.Jurisdiction, p.row.jurisdiction || 'not known');
  is('flags', (facts.Flags ?? '').split(', ').filter(Boolean).sort(), [...p.row.flags].sort());
  const notices = texts(tables.Notices).map(([kind, state, , names]) => [kind, state, said(names)]);
  is('notices', notices, p.notices.map((one) => [KINDS[one.kind], one.status, words(one.names)]));
  const states = { listed: /^on a list that waits$/, posted: /^(posted|told) on /, returned: /came back: moved away/, not_posted: /^did not happen after all$/ };
  const letters = texts(tables['Letters and calls']);
  is('letters', letters.map((row) => row[3]).sort(), p.letters.map(({ list }) => list.id).sort());
  for (const { list, letter } of p.letters) {
    const [, state, names] = letters.find((row) => row[3] === list.id) ?? [];
    is(`letter of ${list.id}`, states[letter.status].test(state) ? letter.status : state, letter.status);
    is(`letter of ${list.id}, names`, said(names), words(letter.names));
  }
}
