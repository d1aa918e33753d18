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
 * Those of some programs that are installed; the first is the one that a distribution has, and is named also where there is
 * none: tests that need it are then to be skipped, see `isMissing`.
 *
 * @throws Error where CI is set and the first is missing
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

/** Whether none of some programs is there, so that a developer's machine skips the tests that need one. */
export const isMissing = (...names: readonly string[]): boolean =>
  !process.env.CI && !names.some(isInstalled);

/** What a command says, on both streams. @throws Error with that if it fails */
export function run(command: string, ...args: string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
  }
}

/** The same beside other commands. */
export async function runAsync(command: string, ...args: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, { maxBuffer: 64 * 1024 * 1024 });
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string } & Error;
    throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr || message}`);
  }
}

export { freePort, type RunningServer, startServer } from './servers.mjs';

/** Asks again and again until there is an answer. @throws Error after `patience` milliseconds without one */
export async function eventually<T>(
  ask: () => Promise<T | undefined>,
  what: string,
  patience = 20_000,
): Promise<T> {
  const deadline = performance.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${patience / 1000} s in vain for ${what}`);
    await sleep(100);
  }
}
