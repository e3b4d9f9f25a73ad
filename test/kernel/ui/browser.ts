import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Debian's. */
const CHROMIUM = '/usr/bin/chromium';

/** Why no browser can be started; undefined: one can. */
export const noBrowser = existsSync(CHROMIUM) ? undefined : `${CHROMIUM} is not there (Debian: chromium)`;

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

/** A page that keeps what goes wrong on it: uncaught errors, and whatever its content security policy has stopped. */
export async function openPage(browser: Browser, options: Parameters<Browser['newPage']>[0] = {}) {
  const page: Page = await browser.newPage(options);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    const isAsked = message.text().includes('401');
    if (message.type() === 'error' && !isAsked) faults.push(message.text());
  });
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  // As text: it runs in the page, whose types are not known here.
  await page.addInitScript(`
    globalThis.cspReports = [];
    addEventListener('securitypolicyviolation', (event) => cspReports.push(event.violatedDirective));
  `);
  const cspReports = () => page.evaluate<readonly string[]>('cspReports');
  return { page, faults, cspReports };
}
