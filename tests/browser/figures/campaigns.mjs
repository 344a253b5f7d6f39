// The pages of campaigns: audience and results.
import { count } from './model.mjs';
import { fetched, named, number, numbers, open, rows, texts } from './pages.mjs';

const STATES = ['queued', 'sending', 'deferred', 'uncertain', 'bounced', 'expired', 'withheld', 'cancelled'];
const some = (counts) => Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0));

export async function campaigns(compare) {
  const list = await open(compare.page, compare.at('/campaigns'));
  compare.is('the campaigns', 'rows', (texts(list.tables.Campaigns)).map(([name, , ...row]) => [named(name), ...row]), compare.model.campaignRows());
  for (const one of compare.model.campaigns) await campaign(compare, one);
}

async function campaign(compare, one) {
  // The results of a finished campaign do not change any more, except for its notices: its page is read once after each
  // step.
  const address = compare.at(`/campaigns/${one.id}`);
  const is = (figure, shown, expected) => compare.is(`campaign “${one.name}” (${one.kind})`, figure, shown, expected);
  const [read, notices] = await fetched(compare.page, [address, `${address}/notices`]);
  is('its state', read.badge, one.status.replace('_', ' '));
  const counts = { ...Object.fromEntries(STATES.map((state) => [state, 0])), sent: 0, ...count(one.notices.map((notice) => notice.status)) };
  const tabs = Object.fromEntries(notices.tabs.slice(1).map((tab) => [tab.split(' ')[0], number(tab)]));
  is('tab of notices', tabs, some(counts));
  if (one.status !== 'completed') return audience(compare, one, read, is);
  const { sent, bounced, ...rest } = counts;
  // Nothing was sent twice: the server takes each message at its first try.
  is('tile', numbers(read.tiles), { bounced, ...rest, 'sent again': 0 });
  const whole = one.notices.length - counts.withheld;
  is('the figure', read.figures[0], `${sent} of ${whole} sent`);
  is('per cent', number(read.figures[1]), Math.floor(((sent + bounced) * 100) / whole));
  is('replies', texts(read.tables.Replies).map(([code, , n]) => [code, number(n)]).sort(), Object.entries(some({ 250: sent, '550 5.1.1': bounced })).sort());
  is('relays', texts(read.tables.Relays).map(([relay, , , ...figures]) => [relay, ...figures.map(number)]), sent + bounced ? [['relay', sent, 0, bounced]] : []);
  if (sent + bounced) {
    is('the chart', numbers(read.keys.at(-1)), { sent, 'put off': 0, refused: bounced });
    const minutes = Object.entries(read.tables).find(([name]) => name.startsWith('Outcomes per'))?.[1];
    const sums = texts(minutes).reduce((sum, [, ...cells]) => sum.map((n, at) => n + number(cells[at])), [0, 0, 0]);
    is('the table of the chart', sums, [sent, 0, bounced]);
  }
  const listed = await rows(compare.page, `${address}/notices`, 'Notices');
  const line = ({ person, status }) => {
    const [attempts, reply] = { sent: ['1', /^250/], bounced: ['1', /^550/], withheld: ['0', /^/] }[status];
    return { of: `${person.row.reference} ${person.row.locale} ${status} ${attempts}`, reply };
  };
  const shown = texts(listed).map(([reference, , locale, state, attempts]) => `${reference} ${locale} ${state} ${attempts}`);
  is('notices', shown.sort(), one.notices.map((notice) => line(notice).of).sort());
  const wrong = texts(listed).filter(([, , , state, , reply]) => !(state === 'sent' ? /^250/ : state === 'bounced' ? /^550/ : /^/).test(reply));
  return is('replies of notices', wrong, []);
}

/** Before the launch the page shows the audience, and its languages. */
function audience(compare, one, read, is) {
  const { mailable, withheld, unreachable } = compare.model.audience(one.who);
  is('tile', numbers(read.tiles), { 'by e-mail': mailable.length, withheld: withheld.length, 'need a letter': unreachable.length, 'wait elsewhere': 0 });
  is('the figure', read.figures[0], `0 of ${mailable.length} sent`);
  const readers = texts(read.tables['Who reads what']).map(([language, n, text]) => [language, number(n), /not in their language/.test(text)]);
  const expected = Object.entries(count(mailable.map((p) => p.row.locale)))
    .map(([locale, n]) => [compare.languages[locale], n, !one.locales.includes(locale)]);
  is('who reads what', readers.sort(), expected.sort());
}
