// Pictures of pages, for people who look at them: with CANDOR_SHOTS set, at both sizes.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

const SIZES = { 1280: 900, 360: 740 };

/** Takes pictures of the page in the window into the folder of CANDOR_SHOTS; nothing without it. */
export async function picture(page, name) {
  const folder = process.env.CANDOR_SHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  const before = page.viewportSize();
  for (const [width, height] of Object.entries(SIZES)) {
    await page.setViewportSize({ width: Number(width), height });
    await page.screenshot({ path: join(folder, `${name}-${width}.png`), fullPage: true });
  }
  await page.setViewportSize(before);
}

/** Opens pages of the console, one after another, and takes pictures of them. */
export async function shoot(page, base, step, paths) {
  if (!process.env.CANDOR_SHOTS) return;
  for (const path of paths) {
    await page.goto(`${base}/console${path && `/${path}`}`);
    await picture(page, `${step}-${path.replace(/cmp_\w+/, 'one').replaceAll('/', '_') || 'dashboard'}`);
  }
}
