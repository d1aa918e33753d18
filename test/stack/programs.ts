import { execFile, execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Whether a program is on PATH. */
export const isInstalled = (name: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/**
 * The installed ones of some programs. The first is the version of the distribution. It is returned even if none is
 * installed; skip the tests that need it then, see `isMissing`.
 *
 * @throws Error if CI is set and the first is missing
 */
export function installed(first: string, ...others: readonly string[]): string[] {
  const found = [first, ...others].filter(isInstalled);
  if (process.env.CI && found[0] !== first) {
    throw new Error(
      `${first} is missing; .ci/run installs it: apt-get install prometheus prometheus-alertmanager`,
    );
  }
  return found.length > 0 ? found : [first];
}

/** Whether none of some programs is installed. A developer's machine skips the tests that need one. */
export const isMissing = (...names: readonly string[]): boolean =>
  !process.env.CI && !names.some(isInstalled);

/** The stdout and stderr of a command. @throws Error with both if it fails */
export function run(command: string, ...args: string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
  }
}

/** The same, asynchronously. Go programs run with less garbage collection, because they need memory only for seconds. */
export async function runAsync(command: string, ...args: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, {
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, GOGC: '400' },
    });
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string } & Error;
    throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr || message}`);
  }
}

export { freePort, type RunningServer, startServer } from './servers.mjs';

/** Calls a function until it returns a value. @throws Error after `timeout` milliseconds without a value */
export async function eventually<T>(
  ask: () => Promise<T | undefined>,
  what: string,
  timeout = 20_000,
): Promise<T> {
  const deadline = performance.now() + timeout;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${timeout / 1000} s for ${what}`);
    await sleep(100);
  }
}
