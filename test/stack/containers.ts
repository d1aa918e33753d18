import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Compose, readYaml, root, withDefaults } from './repository.ts';

/** A container of the stack, as a process of this machine. */
export interface Container {
  process: ChildProcess;
  /** What it has written so far, on both streams. */
  output(): string;
  /** Resolves with its exit code. */
  exit(): Promise<number | null>;
  stop(): Promise<void>;
}

export interface Machine {
  /** Where the containers' volumes and secrets are. */
  folder: string;
  /** What others are called in there, and where they are here: `http://tempo:4318`. */
  addresses: Readonly<Record<string, string>>;
}

/** Where a container's folders are on the machine. Each sees a `/data` and a `/tmp` of its own. */
const foldersOf = (name: string, { folder }: Machine): Record<string, string> => ({
  '/data': join(folder, `${name}-data`),
  '/keys': join(folder, 'demo-key'),
  '/run/secrets': join(folder, 'secrets', name),
  '/tmp': join(folder, `${name}-tmp`),
});

/**
 * Runs a service that is built of this repository with the very environment and command of docker-compose.yml; only addresses and
 * folders are those of this machine.
 *
 * @param args are added to the command
 */
export function runService(
  name: 'demo' | 'gateway',
  machine: Machine,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Container {
  const service = readYaml<Compose>('docker-compose.yml').services[name];
  const folders = foldersOf(name, machine);
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  const places: Record<string, string> = { ...machine.addresses, ...folders, '0.0.0.0': '127.0.0.1' };
  // All at once, for a folder here may have the name of one there in it.
  const there = new RegExp(
    Object.keys(places)
      .map((place) => place.replaceAll('.', '\\.'))
      .join('|'),
    'g',
  );
  const here = (text: string) => text.replaceAll(there, (place) => places[place] ?? place);
  const given = Object.entries(service?.environment ?? {}).map(([key, value]) => [
    key,
    here(withDefaults(value)),
  ]);
  const own = Object.entries(process.env).filter(
    ([key]) => !/^(TALKGAUGE|LIVEKIT|OTEL|GATEWAY|DEMO)_/.test(key),
  );
  const child = spawn(process.execPath, [join(root, 'dist/cli.js'), ...(service?.command ?? []), ...args], {
    env: { ...Object.fromEntries([...own, ...given]), TMPDIR: folders['/tmp'], ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const exited = once(child, 'exit');
  return {
    process: child,
    output: () => output,
    exit: async () => (await exited)[0],
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await exited;
    },
  };
}
