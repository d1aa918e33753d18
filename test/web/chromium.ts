import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserServer, chromium } from 'playwright-core';

const isThere = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Chromium commands, the fastest first: the headless shell takes two thirds of the time of the full browser. */
const commands = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

/** The Chromium of this machine; `apt-get install chromium-headless-shell` on Debian. */
const executablePath = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => commands.map((name) => ({ name, path: join(folder, name) })))
  .toSorted((one, other) => commands.indexOf(one.name) - commands.indexOf(other.name))
  .map(({ path }) => path)
  .find(isThere);

/** Whether browser tests are skipped. CI installs a browser in .ci/run, so a missing browser fails there. */
export const noBrowser = executablePath === undefined && !process.env.CI;

function options() {
  if (executablePath === undefined) {
    throw new Error('No Chromium on PATH; install one (Debian: apt-get install chromium-headless-shell)');
  }
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
  ];
  return { executablePath, args };
}

/** A Chromium with additional environment variables. */
export const launchChromium = (env: Record<string, string>): Promise<Browser> =>
  chromium.launch({ ...options(), env });

/** A Chromium to which the test workers connect. */
export const serveChromium = (): Promise<BrowserServer> =>
  chromium.launchServer({ ...options(), host: '127.0.0.1' });
