// What was really mailed: letters that the folder relay kept, read as their receiver's program would.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The text part of every letter kept so far, the newest first. */
export function letters(directory) {
  let names = [];
  try {
    names = readdirSync(directory).filter((name) => name.endsWith('.eml') && !name.startsWith('.'));
  } catch { /* Nothing was sent yet: the relay makes the directory. */ }
  return names.sort().reverse().map((name) => read(readFileSync(join(directory, name), 'latin1')));
}

/** The newest message to `to` with a text that matches `words`, once it has arrived after `before` others. */
export async function letter(directory, to, words, before = 0) {
  for (const until = Date.now() + 60_000; Date.now() < until;) {
    const kept = letters(directory);
    const found = kept.slice(0, kept.length - before).find((one) => one.to.includes(to) && words.test(one.text));
    if (found) return found;
    await new Promise((later) => setTimeout(later, 100));
  }
  throw new Error(`no letter to ${to} says ${words}`);
}

function read(raw) {
  const [head, body] = halves(raw);
  const to = field(head, 'to');
  const boundary = /boundary="?([^";]+)/.exec(field(head, 'content-type'))?.[1];
  const parts = boundary ? body.split(`--${boundary}`) : [raw];
  const part = parts.find((one) => /content-type: text\/plain/i.test(halves(one.trimStart())[0])) ?? raw;
  return { to, text: text(part.trimStart()) };
}

function text(part) {
  const [head, body] = halves(part);
  switch (field(head, 'content-transfer-encoding').toLowerCase()) {
    case 'base64': return Buffer.from(body, 'base64').toString('utf8');
    case 'quoted-printable': return Buffer.from(body.replace(/=\r?\n/g, '')
      .replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString('utf8');
    default: return Buffer.from(body, 'latin1').toString('utf8');
  }
}

function halves(part) {
  const at = part.search(/\r?\n\r?\n/);
  return at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at).replace(/^\r?\n\r?\n/, '')];
}

function field(head, name) {
  const unfolded = head.replace(/\r?\n[ \t]+/g, ' ');
  return new RegExp(`^${name}: *(.*)$`, 'im').exec(unfolded)?.[1].trim() ?? '';
}
