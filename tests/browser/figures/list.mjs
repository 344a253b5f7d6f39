// The list that the test makes: people of an incident, the CSV of it, and rows that are damaged on purpose.

export const ELEMENTS = ['name', 'phone', 'dob', 'ssn', 'imei', 'carrier_pin', 'driver_licence', 'account_number'];
const LOCALES = ['en', 'es', 'fr', 'de', 'vi', 'zh', 'ko', 'ru', 'ar'];
const PLACES = ['US-CA', 'US-WA', 'US-TX', 'DE', 'FR', 'GB'];
const NAMES = ['Ana Moreno', 'Bø Lind', 'Łucja Żak', 'O’Neil, Pat', 'Jean "JP" Dupont', '王小明', 'Nguyễn Văn A', 'Иван Петров'];
const COLUMNS = ['reference', 'email', 'name', 'locale', 'jurisdiction', 'postcode', 'address', 'elements', 'flags'];

/** Pseudo-random numbers, the same in every run (mulberry32): a function of the number of choices. */
export function dice(seed) {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

/** `n` people as the organisation knows them; from `first` on. */
export function people(n, first = 1) {
  const roll = dice(first);
  const flags = (i) => {
    const set = [];
    if (i % 25 === 3) set.push('minor');
    if (i % 71 === 9) set.push('hold');
    if (i % 83 === 11) set.push('deceased');
    if (i % 97 === 13) set.push('protected');
    if (i % 41 === 15) set.push('vulnerable');
    return new Set(set);
  };
  const all = Array.from({ length: n }, (_, at) => {
    const i = at + first;
    const reference = `P-${String(i).padStart(4, '0')}`;
    // About half read English.
    const locale = roll(2) ? 'en' : LOCALES[roll(LOCALES.length)];
    const more = ELEMENTS.slice(1).filter(() => roll(3) === 0);
    return {
      reference,
      // Every 13th has no e-mail address; eight addresses refuse.
      email: i % 13 === 5 ? '' : `p${i}${i % 62 === 1 ? '-gone' : ''}@${roll(3) ? 'mail' : 'post'}.example`,
      name: `${NAMES[roll(NAMES.length)]} ${i}`,
      locale,
      jurisdiction: roll(20) ? PLACES[roll(PLACES.length)] : '',
      postcode: String(98000 + i),
      // Some of those have no postal address either.
      address: i % 130 === 5 ? '' : i % 13 === 5 ? `${i} Main St\nFlat ${i % 7}, "Rear"` : `${i} Main St`,
      elements: new Set(['name', ...more]),
      flags: flags(i),
    };
  });
  // Two people may share a mailbox: each gets a message.
  if (first === 1) all[6].email = all[5].email;
  return all;
}

/** One line of a CSV (RFC 4180), without its end. */
export const line = (cells) => cells.map((cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');

/** The cells of a person, in the order of the columns. */
export function cells(of) {
  const joined = { ...of, elements: [...of.elements].join(';'), flags: [...of.flags].join(';') };
  return COLUMNS.map((column) => joined[column]);
}

/** The list of these people as a file. */
export const file = (all) => `${[COLUMNS, ...all.map(cells)].map(line).join('\n')}\n`;

/** The rows of a CSV, the first line included. */
export function parse(text) {
  const rows = [[]];
  const cell = /("(?:[^"]|"")*"|[^,"\r\n]*)(,|\r?\n|$)/gy;
  for (let found; cell.lastIndex < text.length && (found = cell.exec(text));) {
    const [, raw, end] = found;
    rows.at(-1).push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    if (end !== ',' && cell.lastIndex < text.length) rows.push([]);
  }
  return rows;
}

/** The rows below the first line, each by column. */
export function table(text) {
  const [head, ...rows] = parse(text);
  return rows.map((row) => Object.fromEntries(head.map((column, n) => [column, row[n]])));
}

/** Faults of a row: the refused column (none: the whole row), and the row as it is written. */
const DAMAGE = [
  [6, 'elements', (row) => ({ ...row, elements: new Set(['name', 'shoe_size']) })],
  [5, 'email', (row) => ({ ...row, email: 'nowhere' })],
  [3, 'elements', (row) => ({ ...row, elements: new Set() })],
  [3, 'flags', (row) => ({ ...row, flags: new Set(['vip']) })],
  [3, 'jurisdiction', (row) => ({ ...row, jurisdiction: 'Narnia' })],
  [2, 'locale', (row) => ({ ...row, locale: 'english!' })],
  [1, 'reference', (row) => ({ ...row, reference: 'P-0001' })],
];

/**
 * The list with 25 bad rows of several kinds and two blank lines. `bad`: the person by the line of the bad row; `columns`: how
 * many rows are refused for which column.
 */
export function damaged(all) {
  const sound = all.filter((one) => one.email && !one.flags.size && !one.address.includes('\n') && one.reference !== 'P-0001');
  const chosen = new Map();
  const columns = {};
  const choose = (how) => chosen.set(sound[7 + chosen.size * 11].reference, how);
  for (const [times, column, write] of DAMAGE) {
    columns[column] = (columns[column] ?? 0) + times;
    for (let n = 0; n < times; n += 1) choose((one) => line(cells(write(one))));
  }
  // A quotation mark that is not closed, before the name.
  columns.name = 2;
  for (let n = 0; n < 2; n += 1) choose((one) => cells(one).map((cell, at) => (at === 2 ? `"${one.reference}` : cell)).join(','));
  const lines = [line(COLUMNS)];
  const bad = new Map();
  let at = 2;
  for (const one of all) {
    const damage = chosen.get(one.reference);
    const row = damage ? damage(one) : line(cells(one));
    if (damage) bad.set(at, one);
    lines.push(row);
    at += row.split('\n').length;
    if (one.reference === 'P-0100' || one.reference === 'P-0300') {
      lines.push(',,,');
      at += 1;
    }
  }
  const continued = all.filter((one) => one.address.includes('\n')).length;
  return { text: `${lines.join('\n')}\n`, bad, columns, lines: at - 1, blank: 2, continued };
}

/**
 * The rejects of a download, corrected from the organisation's data; rows on the lines of `left` stay as they are. The
 * columns `line`, `column` and `reason` are left alone.
 */
export function corrected(rejects, bad, left = []) {
  const [head, ...rows] = parse(rejects);
  const mended = rows.map((row) => {
    const at = Number(row[head.indexOf('line')].split(' ')[0]);
    if (left.includes(at)) return row;
    const right = Object.fromEntries(COLUMNS.map((column, n) => [column, cells(bad.get(at))[n]]));
    return head.map((column, n) => right[column] ?? row[n]);
  });
  return `${[head, ...mended].map(line).join('\n')}\n`;
}
