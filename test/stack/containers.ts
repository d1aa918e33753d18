import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Compose, readYaml, root, withDefaults } from './repository.ts';

/** A container of the stack, run as a process of this machine. */
export interface Container {
  process: ChildProcess;
  /** The stdout and stderr so far. */
  output(): string;
  /** Resolves with its exit code. */
  exit(): Promise<number | null>;
  stop(): Promise<void>;
}

export interface Machine {
  /** The folder of the containers' volumes and secrets. */
  folder: string;
  /** Local URLs of other services, by their URLs in the stack such as `http://tempo:4318`. */
  addresses: Readonly<Record<string, string>>;
}

/** The local folders for a container's folders. Each container has its own `/data` and `/tmp`. */
const foldersOf = (name: string, { folder }: Machine): Record<string, string> => ({
  '/data': join(folder, `${name}-data`),
  '/keys': join(folder, 'demo-key'),
  '/run/secrets': join(folder, 'secrets', name),
  '/tmp': join(folder, `${name}-tmp`),
});

/**
 * Runs a service built from this repository with the environment and command of docker-compose.yml. Only addresses and
 * folders are replaced by those of this machine.
 *
 * @param args additional arguments of the command
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
  // All in one pass, because a local folder may contain the name of a container's folder.
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
