// The other sources of figures: the mail server, the API, the metrics, and the recount.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { count, grouped } from './model.mjs';

const run = promisify(execFile);
const PARTS = ['jurisdiction', 'locale', 'element', 'reason'];
const some = (counts) => Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0));

/** What the sink accepted for these accounts of staff, and the rest. */
function halves({ sink, accounts }) {
  const staff = new Set(Object.values(accounts).map((one) => one.email));
  return [sink.accepted.filter((one) => staff.has(one.to)), sink.accepted.filter((one) => !staff.has(one.to))];
}

/** Approvers are told of each submission, and the author of each approval; these messages leave soon after the act. */
async function toStaff(compare, is) {
  const { accounts: { approver, comms }, model } = compare;
  const past = (...states) => model.campaigns.filter((one) => !states.includes(one.status));
  const expected = [
    ...past('draft').map(() => approver.email), ...past('draft', 'in_review').map(() => comms.email),
  ].sort();
  for (const until = Date.now() + 10_000; halves(compare)[0].length < expected.length && Date.now() < until;) {
    await new Promise((later) => setTimeout(later, 50));
  }
  is('accepted for staff', halves(compare)[0].map((one) => one.to).sort(), expected);
}

/** The sink received what the model says, once, and each text names exactly what was exposed, in the reader's language. */
export async function messages(compare) {
  const { sink, model } = compare;
  const reference = (text) => /P-\d{4}/.exec(text)?.[0];
  const is = (figure, shown, expected) => compare.is('the mail server', figure, shown, expected);
  await toStaff(compare, is);
  const [, accepted] = halves(compare);
  is('accepted', accepted.map((one) => `${one.to} ${reference(one.text)}`).sort(), model.sent.map((one) => `${one.to} ${one.reference}`).sort());
  is('refused', [...sink.refused].sort(), [...model.refused].sort());
  // To each address the messages about a reference come in the order in which they were sent.
  const texts = grouped(accepted, (one) => `${one.to} ${reference(one.text)}`);
  for (const [of, expected] of grouped(model.sent, (one) => `${one.to} ${one.reference}`)) {
    expected.forEach((message, n) => is(`names to ${of}`, names(compare, texts.get(of)?.[n]?.text ?? '', message.locale), [...message.names].sort()));
  }
}

/** The codes that a text names in its list. */
function names(compare, text, locale) {
  const list = text.split('\n\n').map((one) => one.replaceAll(/\s+/g, '')).find((one) => one.includes('::'));
  return list ? compare.named(list.slice(list.indexOf('::') + 2), locale) : [];
}

/** The API shows the same. */
export async function programs(compare) {
  const { model } = compare;
  if (!model.scopes.length) return;
  const is = (figure, shown, expected) => compare.is('the API', figure, shown, expected);
  is('the account', await compare.api('/incidents/walk/account'), model.account);
  for (const kind of PARTS) {
    const { items, ...account } = await compare.api(`/incidents/walk/account?by=${kind}`);
    is(`the account by ${kind}, whole`, account, model.account);
    const parts = items.map((one) => [one.value, [one.people, one.notified, one.in_progress, one.needs_letter, one.withheld, one.unnotified_elements]]);
    is(`the account by ${kind}`, Object.fromEntries(parts), model.parts(kind));
  }
  for (const one of model.campaigns) {
    const { counts } = await compare.api(`/campaigns/${one.id}`);
    is(`campaign ${one.id}`, some(counts), count(one.notices.map((notice) => notice.status)));
  }
  for (const one of [...(compare.draft ? [{ ...compare.draft, status: 'draft' }] : []), ...model.scopes]) {
    const read = await compare.api(`/incidents/walk/scopes/${one.version}`);
    const { people_added, people_retracted, elements_added, elements_retracted, contact_changes, identity_changes, emails_lost, addresses_lost, refused_again, flags_set, flags_lifted } = read.delta;
    is(`v${one.version}`, {
      status: read.status, accepted: read.accepted, rejected: read.rejected, people_added, people_retracted, elements_added,
      elements_retracted, contact_changes, identity_changes, emails_lost, addresses_lost, refused_again, flags_set, flags_lifted,
    }, {
      status: one.status, accepted: one.accepted, rejected: one.rejected, people_added: one.delta.added, people_retracted: one.delta.retracted,
      elements_added: one.delta.moreTaken, elements_retracted: one.delta.lessTaken, contact_changes: one.delta.contact,
      identity_changes: one.delta.identity, emails_lost: one.delta.emailsLost, addresses_lost: one.delta.addressesLost,
      refused_again: one.again ?? 0, flags_set: one.delta.set, flags_lifted: one.delta.lifted,
    });
  }
  const { items } = await compare.api('/incidents/walk/letters');
  const line = (list) => {
    const states = count(list.letters.map((one) => one.status));
    const state = list.state === 'told' ? 'posted' : list.state;
    return [list.id, list.kind, state, list.letters.length, states.returned ?? 0, states.not_posted ?? 0];
  };
  is('letters', items.map((one) => [one.id, one.kind, one.state, one.people, one.returned, one.not_posted]), model.lists.map(line));
}

/** The metrics of messages. */
export async function metrics(compare) {
  const text = await (await fetch(`${compare.operations}/metrics`)).text();
  const sums = {};
  for (const [, result, n] of text.matchAll(/^candor_messages_total\{.*result="(\w+)".*\} (\d+)$/gm)) sums[result] = (sums[result] ?? 0) + Number(n);
  compare.is('the metrics', 'messages', sums, some({ accepted: halves(compare)[1].length, refused: compare.sink.refused.length }));
}

/** A recount of all people, one by one. */
export async function recount(compare) {
  const { program, words, env } = compare.candor;
  const { stdout } = await run(program, [...words, 'check', '--recount', '--json'], { env: { ...process.env, ...env, CANDOR_WALK: undefined } });
  const found = JSON.parse(stdout);
  const account = { what: 'account walk', ok: true, warning: false, detail: 'equals the people, one by one' };
  compare.is('the recount', 'the account', found.filter((one) => one.what.startsWith('account')), [account]);
  compare.is('the recount', 'anything else', found.filter((one) => !one.ok), []);
}
