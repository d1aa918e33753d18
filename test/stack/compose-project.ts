import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { freePorts } from './backends.ts';
import { docker, inspect, missing, nodeImage, signal, skipSuffix, uniqueName } from './engine.ts';
import { eventually } from './programs.ts';
import { type Compose, readYaml, root } from './repository.ts';

const { services: known } = readYaml<Compose>('docker-compose.yml');
const imageOf = (service: string) => known[service]?.image ?? nodeImage;

/** The services without which the stack cannot be tested. */
const needed = ['gateway', 'prometheus', 'alertmanager'];

/** The reasons why the stack cannot be tested; empty if it can. */
export const missingRequirements = missing({ compose: true, images: needed.map(imageOf) });

/** The reasons why a service is left out, such as a missing image; empty if it is available. */
export const missingForService = (service: string): readonly string[] =>
  missingRequirements.length > 0 ? missingRequirements : missing({ images: [imageOf(service)] });

/** All services except those that are left out. */
export const availableServices: readonly string[] = Object.keys(known)
  .filter((service) => missingForService(service).length === 0)
  .toSorted();

/** The services that are left out, for titles of tests of the whole stack. */
export const omittedServices: string = skipSuffix([
  ...new Set(
    Object.keys(known).flatMap((service) =>
      missingRequirements.length > 0 ? [] : missingForService(service),
    ),
  ),
]);

const servers = ['grafana', 'prometheus', 'alertmanager', 'gateway', 'loki', 'tempo'] as const;
export type Server = (typeof servers)[number];

/** Copies all tracked files with their current content, as in a clone of the repository. */
export function copyOfStack(folder: string): void {
  const parts = ['docker-compose.yml', 'alerts', 'dashboards', 'grafana', 'prometheus', 'secrets'];
  const listed = execFileSync('git', ['ls-files', '-z', ...parts], { cwd: root, encoding: 'utf8' });
  for (const path of listed.split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(root, path), join(folder, path));
  }
}

/** The stack in its own folder, with its own ports, volumes and project name. */
export interface Project {
  readonly folder: string;
  readonly urls: Readonly<Record<Server, string>>;
  /** `docker compose` with its profile. @throws Error with the output if it fails */
  compose(...args: readonly string[]): Promise<string>;
  /** Starts all services, and waits until they are healthy. */
  up(): Promise<void>;
  /** Sets the image of the gateway and the demo for the next `up`. */
  use(image: string): void;
  health(): Promise<Record<string, string>>;
  /** Kills the process of a service, and waits until Docker has restarted it and it is healthy. */
  crash(service: string): Promise<void>;
  restart(service: string): Promise<void>;
  /** Removes containers, networks, volumes and the folder. */
  remove(): Promise<void>;
}

/**
 * @param image the image of the gateway and the demo
 * @param fill writes the stack's files into the folder
 */
export async function createProject(image: string, fill = copyOfStack): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), 'talkgauge-compose-'));
  fill(folder);
  const name = uniqueName();
  const ports = await freePorts(servers.length + 1);
  const portOf = Object.fromEntries(servers.map((server, at) => [server, ports[at]])) as Record<
    Server,
    number
  >;
  const otlpPort = ports.at(-1);
  const settings = {
    ...Object.fromEntries(servers.map((server) => [`${server.toUpperCase()}_PORT`, portOf[server]])),
    TEMPO_OTLP_PORT: otlpPort,
    DEMO_CALLS_PER_MINUTE: 20,
    DEMO_CONCURRENT_CALLS: 2,
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(join(folder, '.env'), lines.join(''));
  // Settings of this shell would take precedence over those in the file.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) => !/^(COMPOSE_|TALKGAUGE_)/.test(key) && !Object.hasOwn(settings, key),
    ),
  );
  const compose = (...args: readonly string[]) =>
    docker(['compose', '--project-name', name, '--profile', 'demo', ...args], { cwd: folder, env });
  const idOf = async (service: string) => (await compose('ps', '--quiet', '--all', service)).trim();
  const health = async () => {
    const listed = await compose('ps', '--all', '--format', 'json');
    const states = listed
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { Service: string; State: string; Health: string });
    return Object.fromEntries(states.map(({ Service, State, Health }) => [Service, Health || State]));
  };
  let used = '';
  /** The image is local and in no registry. Tempo's API is published only for tests. */
  const use = (next: string) => {
    used = next;
    const built = { image: next, pull_policy: 'never' };
    const override = {
      services: {
        demo: { ...built, environment: { TALKGAUGE_SIMULATE_SPEED: '3' } },
        gateway: built,
        tempo: { ports: [`127.0.0.1:${portOf.tempo}:3200`] },
      },
    };
    writeFileSync(join(folder, 'docker-compose.override.yml'), stringify(override));
  };
  use(image);
  const isHealthy = (service: string) => async () =>
    (await inspect(await idOf(service))).State.Health?.Status === 'healthy' || undefined;
  return {
    folder,
    urls: Object.fromEntries(
      servers.map((server) => [server, `http://127.0.0.1:${portOf[server]}`]),
    ) as Record<Server, string>,
    compose,
    use,
    async up() {
      await compose('up', '--detach', '--no-build', '--wait', '--wait-timeout', '600', ...availableServices);
    },
    health,
    async crash(service) {
      const id = await idOf(service);
      const { RestartCount } = await inspect(id);
      await signal(used, id, 'SIGKILL');
      const hasRestarted = async () => (await inspect(id)).RestartCount > RestartCount || undefined;
      await eventually(hasRestarted, `the restart of ${service} by Docker`, 60_000);
      await eventually(isHealthy(service), `the health of ${service} after it was killed`, 300_000);
    },
    async restart(service) {
      await compose('restart', '--no-deps', service);
      await eventually(isHealthy(service), `the health of ${service} after a restart`, 300_000);
    },
    async remove() {
      await compose('down', '--volumes', '--timeout', '5', '--remove-orphans');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
