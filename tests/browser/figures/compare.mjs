// Every figure on every page against the model, the sink and the recount: what is compared with what, and how it is said.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import * as sources from './sources.mjs';
import * as campaigns from './campaigns.mjs';
import * as incident from './incident.mjs';
import * as letters from './letters.mjs';
import * as persons from './persons.mjs';

const { people, persons: samples } = persons;
const PARTS = { ...incident, ...campaigns, ...letters, people, persons: samples, ...sources };

const shortly = (value) => {
  const plain = value instanceof Set ? [...value].sort() : value;
  const text = plain === undefined ? 'nothing' : JSON.stringify(plain);
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
};
const isMap = (of) => of !== null && typeof of === 'object' && Object.getPrototypeOf(of) === Object.prototype;

/** What differs, one sentence for each figure. */
export function differences(figure, shown, expected) {
  if (isDeepStrictEqual(shown, expected)) return [];
  if (isMap(shown) && isMap(expected)) {
    const names = [...new Set([...Object.keys(expected), ...Object.keys(shown)])];
    return names.flatMap((name) => differences(`${figure}, ${name || 'not known'}`, shown[name], expected[name]));
  }
  if (Array.isArray(shown) && Array.isArray(expected)) {
    const without = (all, others) => {
      const left = others.map(shortly);
      return all.filter((one) => {
        const at = left.indexOf(shortly(one));
        if (at >= 0) left.splice(at, 1);
        return at < 0;
      });
    };
    const [missing, surplus] = [without(expected, shown), without(shown, expected)];
    if (missing.length || surplus.length) return [`${figure}: expected ${shortly(missing)}, shown ${shortly(surplus)}`];
  }
  return [`${figure}: expected ${shortly(expected)}, shown ${shortly(shown)}`];
}

export class Compare {
  /** What was false so far: the step, the page, the figure, what was expected and what was shown. */
  faults = [];

  #step = '';

  constructor(world) { Object.assign(this, world); }

  /** A fault unless the page shows what is expected. */
  is(page, figure, shown, expected) {
    for (const fault of differences(figure, shown, expected)) this.faults.push(`after “${this.#step}”: ${page}: ${fault}`);
  }

  at(path) { return `${this.base}/console${path}`; }

  /** What the API answers. */
  async api(path) {
    const answer = await fetch(`${this.base}/api/v1${path}`, { headers: { authorization: `Bearer ${this.key}` } });
    assert.ok(answer.ok, `${path} answers ${answer.status}`);
    return answer.json();
  }

  /** Everything, after a step. */
  async all(step, { thorough = false, only } = {}) {
    const [begun, before] = [Date.now(), this.faults.length];
    this.#step = step;
    const parts = only ?? Object.keys(PARTS).filter((part) => thorough || part !== 'behind');
    for (const part of parts) {
      await PARTS[part](this).catch((error) => this.faults.push(`after “${step}”: ${part} cannot be compared: ${error.stack}`));
    }
    console.log(`compared after “${step}” (${Date.now() - begun} ms)`);
    for (const fault of this.faults.slice(before)) console.log(`FALSE: ${fault}`);
  }

  /** Elements in words, as a set, so that their order does not matter. */
  words(elements, locale = 'en') { return new Set([...elements].map((code) => this.elements[code][locale])); }

  /** The elements that a cell lists. */
  said(text) { return new Set(text ? text.split(/, | and /) : []); }

  /** The codes of the elements that a list in words names, the longest words first. */
  named(text, locale) {
    let left = text.replaceAll(/\s+/g, '');
    const word = (code) => this.elements[code][locale].replaceAll(/\s+/g, '');
    const longest = Object.keys(this.elements).sort((a, b) => word(b).length - word(a).length);
    return longest.filter((code) => {
      const found = left.includes(word(code));
      left = left.replace(word(code), '|');
      return found;
    }).sort();
  }
}
