// The page of letters, and what programs read of them.
import { count } from './model.mjs';
import { number, open, texts } from './pages.mjs';

const KINDS = ['letter', 'correction', 'kin', 'safe'];
const WORDS = { letter: 'letters', correction: 'letters of correction', kin: 'next of kin', safe: 'safe channels', single: 'told one by one' };
const WHY = {
  legal_hold: 'under a legal hold',
  protected_address: 'at a protected address',
  deceased: 'known to have died',
  retracted: 'no longer affected',
  flag_lifted: 'without the flag that decided how this list tells them',
};

const people = (n) => `${n} ${n === 1 ? 'person' : 'people'}`;

export async function letters(compare) {
  if (!compare.model.scopes.length) return;
  const { model } = compare;
  const is = (figure, shown, expected) => compare.is('the letters', figure, shown, expected);
  const read = await open(compare.page, compare.at('/incidents/walk/letters'));
  const lists = texts(read.tables.Lists);
  is('to be told and waiting', lists.map((row) => row.slice(1, 3).map(number)), KINDS.map((kind) => [model.due(kind).length, model.onLists(kind)]));
  const without = lists.map(([who]) => number(/([\d,]+) (?:person has|people have) no postal address/.exec(who)?.[1] ?? '0'));
  is('who lacks an address', without, KINDS.map((kind) => model.lacking(kind)));
  is('lists that were taken', read.items.length, model.lists.length);
  for (const [n, list] of model.lists.entries()) item(list, read.items[n] ?? '', model, is);
}

function item(list, text, model, is) {
  const states = count(list.letters.map((one) => one.status));
  const isPosted = ['letter', 'correction'].includes(list.kind);
  is(`list ${list.id}`, text.startsWith(`${people(list.letters.length)}, ${WORDS[list.kind]} ${list.state}`) && text.includes(list.id), true);
  is(`list ${list.id}, came back`, number(/(\d+) came back/.exec(text)?.[0] ?? '0'), states.returned ?? 0);
  is(`list ${list.id}, not posted`, number(/(\d+) (?:was|were) not (?:posted|told) after all/.exec(text)?.[0] ?? '0'), states.not_posted ?? 0);
  const barred = list.state === 'listed' ? model.barred(list) : {};
  const verbs = (n) => (n === 1 ? ['is', 'counts'] : ['are', 'count']);
  const asked = Object.entries(barred).map(([why, n]) => `${people(n)} on this list ${verbs(n)[0]} ${WHY[why]} by now, and ${verbs(n)[1]} as told all the same.`);
  const shown = [...text.matchAll(/\d+ (?:person|people) on this list .*? as told all the same\./g)].map(([one]) => one);
  is(`list ${list.id}, what is asked`, shown.sort(), asked.sort());
  if (list.state !== 'listed') return;
  const n = list.letters.length;
  const sure = isPosted
    ? [n === 1 ? 'This letter was posted.' : `These ${n} letters were posted.`, `${people(n)} ${n === 1 ? 'is' : 'are'} told by post from then on`]
    : [n === 1 ? 'This person, or a person who acts for them, was told.' : `These ${n} people, or those who act for them, were told.`];
  for (const words of sure) is(`list ${list.id}, what is recorded`, text.includes(words) ? words : text, words);
}
