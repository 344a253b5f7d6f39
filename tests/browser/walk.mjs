// The two walks in a real browser, against a Candor that somebody else started.
//   node walk.mjs '{"base": "http://127.0.0.1:8080", "accounts": {…}, "mail": "/path"}'
// or the same JSON in CANDOR_WALK. Exit 1 and the faults on standard error if a walk fails.
import { check, launch, person } from './lib.mjs';

const house = JSON.parse(process.argv[2] ?? process.env.CANDOR_WALK ?? 'null');
if (!house?.base) {
  console.error('walk.mjs needs JSON with a "base" URL, as an argument or in CANDOR_WALK');
  process.exit(2);
}

/** Each walk gets the browser and reads top to bottom. */
const walks = {
  async 'the public pages stand'(browser) {
    const reader = await person(browser);
    await reader.goto(house.base);
    await check(reader, 'home', { strict: true });
  },
};

const browser = await launch();
let failed = 0;
for (const [name, walk] of Object.entries(walks)) {
  try {
    await walk(browser);
    console.log(`ok: ${name}`);
  } catch (error) {
    failed += 1;
    console.error(`FAILED: ${name}\n${error.stack}`);
  }
}
await browser.close();
console.log(`${Object.keys(walks).length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
