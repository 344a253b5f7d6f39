// What pages show, read from the DOM by the browser: tiles, keys of bars, tables and sentences, as text.

/** Runs in the page: what a document shows. Without one, the page itself. */
function shown(html) {
  const doc = html === undefined ? document : new DOMParser().parseFromString(html, 'text/html');
  const text = (of) => (of?.textContent ?? '').replace(/\s+/g, ' ').trim();
  const spaced = (of) => {
    const copy = of.cloneNode(true);
    for (const one of copy.querySelectorAll('p, span, a, strong, label, legend, button, summary')) one.append(' ');
    return text(copy);
  };
  const each = (selector, within = doc) => [...within.querySelectorAll(selector)];
  const pairs = (list, name, figure) => Object.fromEntries(each(list).map((of) => [text(of.querySelector(name)), text(of.querySelector(figure))]));
  const key = (list) => Object.fromEntries([...list.children].map((of) => {
    const figure = text(of.querySelector('b'));
    return [text(of).slice(0, -figure.length).trim(), figure];
  }));
  const row = (of) => [...of.children].map((cell) => ({ text: text(cell), href: cell.querySelector('a')?.getAttribute('href') ?? '' }));
  return {
    figures: each('.figure').map(text),
    tiles: pairs('.tile', '.name', 'b'),
    keys: each('ul.key').map(key),
    bars: each('svg.account').map((of) => of.getAttribute('aria-label')),
    tables: Object.fromEntries(each('.scroll[aria-label]').map((of) => [of.getAttribute('aria-label'), each('tbody tr', of).map(row)])),
    lines: text(doc.querySelector('.lines')),
    items: each('main .quiet-list > li').map(spaced),
    cards: each('main section.card').map(text),
    tabs: each('.tabs a').map(text),
    facts: Object.fromEntries(each('dl.facts dt').map((of) => [text(of), text(of.nextElementSibling)])),
    blocked: each('main .actions .blocked p').map(text),
    questions: each('form[action$="/activate"] .field.tick label, form[action$="/activate"] legend').filter((of) => of.tagName === 'LEGEND' || !of.closest('fieldset')).map(text).sort(),
    links: each('main a').map((of) => of.getAttribute('href')),
    badge: text(doc.querySelector('main .badge')),
    text: text(doc.querySelector('main')),
    next: each('main a').find((of) => text(of) === 'Next page')?.getAttribute('href') ?? '',
  };
}

/** Opens a page in the window and reads it. */
export async function open(page, address) {
  await page.goto(address);
  return page.evaluate(shown);
}

/** What the page in the window shows now. */
export const here = (page) => page.evaluate(shown);

/** Reads pages that the browser fetches without showing them, a few at a time, in their order. */
export async function fetched(page, addresses) {
  const pages = await page.evaluate(async (wanted) => {
    const answers = [];
    let next = 0;
    const one = async () => {
      while (next < wanted.length) {
        const at = next;
        next += 1;
        const answer = await fetch(wanted[at]);
        if (!answer.ok) throw new Error(`${wanted[at]} answers ${answer.status}`);
        answers[at] = await answer.text();
      }
    };
    await Promise.all([one(), one(), one()]);
    return answers;
  }, addresses);
  return Promise.all(pages.map((html) => page.evaluate(shown, html)));
}

/** All rows of a table that is paged, from `address` on. */
export async function rows(page, address, name) {
  const all = [];
  for (let at = new URL(address); at;) {
    const [read] = await fetched(page, [at.href]);
    all.push(...(read.tables[name] ?? []));
    at = read.next ? new URL(read.next, at) : null;
  }
  return all;
}

/** A figure as a number: `1,204 people` is 1204. */
export const number = (text) => Number(/-?[\d,]+/.exec(text ?? '')?.[0].replaceAll(',', '') ?? NaN);

/** Numbers from a map of texts. */
export const numbers = (of) => Object.fromEntries(Object.entries(of ?? {}).map(([name, figure]) => [name, number(figure)]));

/** The cells of rows as texts. */
export const texts = (of) => (of ?? []).map((row) => row.map((cell) => cell.text));

/** The name of a campaign in a list; its day and audience stand below it. */
export const named = (cell) => cell.replace(/\s*no\. \d+, \w+, (launched|drafted) \d.* UTC, to .*$/s, '');
