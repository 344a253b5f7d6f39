// The second version of the list: everything that may change of a person, each of some.
import assert from 'node:assert/strict';
import { people } from './list.mjs';

/**
 * The list a week later: its rows, the reference of a row that comes with a second file, and the reference that names
 * another person. `again`: the references of people on a list of letters that waits.
 */
export function secondVersion(rows, model, again) {
  const next = rows.map((one) => ({ ...one, elements: new Set(one.elements), flags: new Set(one.flags) }));
  const p = (row) => model.people.get(row.reference);
  const used = new Set();
  const pick = (n, test) => {
    const found = next.filter((row) => !used.has(row) && test(row, p(row))).slice(0, n);
    assert.equal(found.length, n, `${n} of ${test}`);
    found.forEach((row) => used.add(row));
    return found;
  };
  const listed = (row) => again.has(row.reference);
  const by = (channel) => (row, of) => of.told === channel && !row.flags.size && !listed(row);
  const missing = ['phone', 'dob', 'ssn', 'imei'];
  const more = (row) => row.elements.add(missing.find((one) => !row.elements.has(one)) ?? 'account_number');
  const [held, safe] = pick(2, listed);
  held.flags.add('hold');
  safe.flags.add('protected');
  for (const row of pick(6, (one) => /-gone@/.test(one.email))) row.email = row.email.replace('-gone', '-new');
  for (const row of pick(14, by('email'))) row.email = `new-${row.email}`;
  for (const row of pick(18, by('email'))) more(row);
  for (const row of pick(6, by('post'))) more(row);
  for (const row of [...pick(10, (one, of) => by('email')(one, of) && one.elements.size > 2), ...pick(2, (one, of) => by('post')(one, of) && one.elements.size > 2)]) {
    row.elements.delete([...row.elements].at(-1));
  }
  for (const row of pick(2, (one, of) => one.flags.has('hold') && one.flags.size === 1 && one.email && !of.told)) row.flags.delete('hold');
  pick(1, by('email'))[0].flags.add('hold');
  const [dead] = pick(1, by('email'));
  more(dead);
  dead.flags.add('deceased');
  pick(1, by('email'))[0].flags.add('minor');
  const [other] = pick(1, by('email'));
  Object.assign(other, { name: 'Somebody Else', email: 'somebody.else@post.example', address: '1 Elsewhere St' });
  // They lose an address; of some of them more was taken than they know, of others less.
  for (const row of pick(3, (one, of) => by('email')(one, of) && one.elements.size > 2)) Object.assign(row, { email: '' }).elements.delete([...row.elements].at(-1));
  for (const row of pick(2, by('email'))) { row.email = ''; more(row); }
  for (const row of pick(4, by('email'))) row.address = '';
  for (const row of pick(3, by('email'))) row.jurisdiction = row.jurisdiction === 'DE' ? 'FR' : 'DE';
  const gone = new Set([...pick(8, by('email')), ...pick(1, by('post')), ...pick(1, (one) => one.flags.has('hold') && !one.flags.has('protected'))]);
  const [late] = pick(1, by('email'));
  return [[...next.filter((row) => !gone.has(row)), ...people(5, 501)], late.reference, other.reference];
}
