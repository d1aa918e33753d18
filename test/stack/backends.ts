import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { isInstalled } from './programs.ts';
import { type Compose, read, readYaml } from './repository.ts';
import { type RunningServer, startServer } from './servers.mjs';

export type BackendName = 'tempo' | 'loki';

/** How a backend is run on this machine: a command, and what goes before its own arguments. */
export interface Program {
  command: string;
  /** @param folder what it may see of the disk, where it runs apart from it */
  before(folder: string): readonly string[];
}

const image = (name: BackendName): string =>
  readYaml<Compose>('docker-compose.yml').services[name]?.image ?? name;

/** Whether there is a Docker that answers. */
function hasDocker(): boolean {
  try {
    execFileSync('docker', ['version', '--format', '{{.Server.Version}}'], {
      stdio: 'ignore',
      timeout: 10_000,
    });
    return true;
  } catch {
    return false;
  }
}

/** The backend as it is found on PATH, or else in the image that the stack has; undefined where there is neither. */
export function backendProgram(name: BackendName): Program | undefined {
  if (isInstalled(name)) return { command: name, before: () => [] };
  if (process.platform !== 'linux' || !hasDocker()) return undefined;
  const user = `${process.getuid?.()}:${process.getgid?.()}`;
  // The host's network and paths: so it is run as a program would be.
  const before = (folder: string) => [
    ...['run', '--rm', '--network=host', `--user=${user}`, `--volume=${folder}:${folder}`],
    ...['--env=LISTEN_ADDRESS', '--env=DATA', '--env=RETENTION', image(name)],
  ];
  return { command: 'docker', before };
}

/** Why tests that need a backend are skipped, for their names. */
export const lacking = (name: BackendName): string =>
  `(skipped: no ${name} on PATH among ${(process.env.PATH ?? '').split(delimiter).length} folders, and no Docker)`;

/** A backend with the configuration of the stack, but for its ports, which are free ones of 127.0.0.1, and its folder. */
export interface Configured {
  name: BackendName;
  program: Program;
  folder: string;
  port: number;
  /** Where Tempo takes OTLP over HTTP. */
  otlpPort: number;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  remove(): void;
}

/** Ports of 127.0.0.1 that nobody listens on, and each another: all are held until the last is found. */
export async function freePorts(count: number): Promise<number[]> {
  const held = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(held.map((server) => once(server, 'listening')));
  const ports = held.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(held.map((server) => once(server.close(), 'close')));
  return ports;
}

export async function configured(name: BackendName, program: Program): Promise<Configured> {
  const folder = mkdtempSync(join(tmpdir(), `talkgauge-${name}-`));
  const [port, grpcPort, otlpPort, otlpGrpcPort, gossipPort] = await freePorts(5);
  const file = join(folder, `${name}.yml`);
  const text = read(`grafana/${name}.yml`)
    .replace(':4317', `:${otlpGrpcPort}`)
    .replace(':4318', `:${otlpPort}`)
    .replace(/^( *)bind_addr: .*$/m, `$&\n$1bind_port: ${gossipPort}`);
  writeFileSync(file, text);
  const data = join(folder, 'data');
  mkdirSync(data);
  return {
    name,
    program,
    folder,
    port: port as number,
    otlpPort: otlpPort as number,
    args: [
      `-config.file=${file}`,
      '-config.expand-env=true',
      `-server.http-listen-port=${port}`,
      `-server.grpc-listen-port=${grpcPort}`,
    ],
    // Captured calls grow old.
    env: { LISTEN_ADDRESS: '127.0.0.1', DATA: data, RETENTION: '87600h' },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export async function startBackend(backend: Configured): Promise<RunningServer> {
  const { program, folder, args, port, env, remove } = backend;
  return startServer(program.command, [...program.before(folder), ...args], port, remove, {
    readyAt: '/ready',
    env,
  });
}
