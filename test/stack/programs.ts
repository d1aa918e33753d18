import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const isInstalled = (name: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/**
 * Those of some programs that are installed; the first is the one that a distribution has. Where there is none, tests
 * that need one are left out on a developer's machine, and fail where CI is set.
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
  return found;
}

/** What a command says, on both streams. @throws Error with that if it fails */
export function run(command: string, ...args: string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface RunningServer {
  url: string;
  /** What it has logged. */
  log(): string;
  stop(): Promise<void>;
}

/** Runs a server until it answers at `/-/ready`. @throws Error with its log if it ends before that */
export async function startServer(
  command: string,
  args: readonly string[],
  port: number,
): Promise<RunningServer> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      log += text;
    });
  }
  const url = `http://127.0.0.1:${port}`;
  const server: RunningServer = {
    url,
    log: () => log,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
  while (child.exitCode === null && child.signalCode === null) {
    const response = await fetch(`${url}/-/ready`).catch(() => undefined);
    if (response?.ok) return server;
    await sleep(50);
  }
  throw new Error(`${command} ended: ${log}`);
}

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
