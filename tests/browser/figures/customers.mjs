// What a customer reads behind the link and the code of a letter.
import { picture } from './shots.mjs';

/** What the page shows, once it is open. */
function shown() {
  const text = (of) => of.textContent.replace(/\s+/g, ' ').trim();
  const main = document.querySelector('main');
  const corrects = [...main.querySelectorAll('p')].filter((of) => /corrected what we had told you/.test(text(of)));
  return {
    exposed: [...main.querySelectorAll('ul:not([class]) > li > bdi')].map(text).sort(),
    corrected: corrects.map((of) => text(of.querySelector('bdi'))),
    wrong: /That was wrong/.test(text(main)),
    isAffected: ![...main.querySelectorAll('h2')].some((of) => text(of) === 'You are not affected'),
    sent: [...main.querySelectorAll('.quiet-list li')].map(text),
  };
}

/** Opens the page that a letter leads to, with the code that it prints, and compares it with the model. */
export async function customer(compare, page, name, row, { person, names, before }) {
  await page.goto(compare.base + new URL(row.status_link).pathname);
  await picture(page, `${name}-closed`);
  await page.getByLabel('Code in the letter').fill(row.letter_code);
  await page.getByRole('button', { name: 'See my details' }).click();
  await page.locator('form[action$="/leave"]').waitFor();
  await picture(page, name);
  const read = await page.evaluate(shown);
  const is = (figure, value, expected) => compare.is(`the page of ${person.row.reference}`, figure, value, expected);
  is('exposed', read.exposed, [...compare.words(person.exposed)].sort());
  const taken = [...before.knows].filter((one) => !names.has(one));
  is('corrected', read.corrected.map((one) => [...compare.said(one)].sort()), taken.length ? [[...compare.words(taken)].sort()] : []);
  is('told wrongly', read.wrong, person.toldWrongly);
  is('affected', read.isAffected, person.inScope);
  const mails = person.notices.filter((one) => one.status === 'sent').length;
  const letters = person.letters.filter(({ list, letter }) => ['letter', 'correction'].includes(list.kind) && ['posted', 'returned'].includes(letter.status));
  is('e-mails that we sent', read.sent.filter((one) => /By e-mail/.test(one)).length, mails);
  is('letters that we posted', read.sent.filter((one) => /By post/.test(one)).length, letters.length);
}
