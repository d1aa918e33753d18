import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { read, root } from './repository.ts';

const execute = promisify(execFile);

/** A Docker engine takes its address from DOCKER_HOST, or from the context of the user, as `docker` does. */
const answers = (...args: readonly string[]): boolean => {
  try {
    execFileSync('docker', args, { stdio: 'ignore', timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
};

/** @throws Error with what it printed if it fails */
export async function docker(
  args: readonly string[],
  { cwd = root, env = process.env }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  try {
    const { stdout } = await execute('docker', [...args], { cwd, env, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`docker ${args.join(' ')}: ${stdout}${stderr}`);
  }
}

/** What the image of this repository begins with. */
export const nodeImage = read('Dockerfile').match(/^ARG NODE_IMAGE=(\S+)$/m)?.[1] ?? '';

/**
 * What this machine lacks for a test; empty where the test can run. Images are not pulled here: a test downloads nothing that
 * nobody asked for. docs/stack.md says how to pull them.
 */
export function missing({
  images,
  compose = false,
}: {
  images: readonly string[];
  compose?: boolean;
}): string[] {
  if (!answers('version', '--format', '{{.Server.Version}}')) return ['no Docker engine answers'];
  return [
    ...(compose && !answers('compose', 'version') ? ['no docker compose'] : []),
    ...images.filter((image) => !answers('image', 'inspect', image)).map((image) => `no image ${image}`),
  ];
}

/** For the name of a test that is skipped. */
export const because = (lacking: readonly string[]): string =>
  lacking.length > 0 ? ` (skipped: ${lacking.join(', ')})` : '';

/** A name that no other run on the same engine has. */
export const uniqueName = (): string => `talkgauge-test-${randomBytes(4).toString('hex')}`;

/**
 * Builds the image of a folder with a Dockerfile. Returns its name; who builds it removes it.
 *
 * @param folder @default this repository
 */
export async function buildImage(folder: string = root): Promise<string> {
  const name = uniqueName();
  // An older Dockerfile may begin with another Node.js than the one that is here.
  const base = `NODE_IMAGE=${nodeImage}`;
  await docker(['build', '--network=host', '--build-arg', base, '--tag', name, '.'], { cwd: folder });
  return name;
}

export const removeImage = (name: string): Promise<string> => docker(['image', 'rm', '--force', name]);

/** The end of a container, whichever state it is in, and of the volumes that it made itself. */
export const removeContainer = (id: string): Promise<string> => docker(['rm', '--force', '--volumes', id]);

interface Inspected {
  Id: string;
  RestartCount: number;
  State: { Status: string; Pid: number; ExitCode: number; StartedAt: string; Health?: { Status: string } };
  Config: { User: string };
  HostConfig: { ReadonlyRootfs: boolean; Memory: number };
  NetworkSettings: { Ports: Record<string, { HostPort: string }[] | null> };
}

export async function inspect(id: string): Promise<Inspected> {
  const [found] = JSON.parse(await docker(['inspect', id])) as Inspected[];
  if (!found) throw new Error(`there is no container ${id}`);
  return found;
}

/** Runs a container in the background. Returns its id. */
export const start = async (...args: readonly string[]): Promise<string> =>
  (await docker(['run', '--detach', ...args])).trim();

/**
 * Sends a signal to the first process of a container as the kernel would, from outside: `docker kill` counts as a stop that is
 * wanted, after which nothing is started again.
 *
 * @param image some image with Node.js, in which the process that does it runs
 */
export async function signal(image: string, id: string, name: 'SIGKILL' | 'SIGSTOP'): Promise<void> {
  const { Pid } = (await inspect(id)).State;
  const script = `process.kill(${Pid}, '${name}')`;
  await docker(['run', '--rm', '--pid=host', '--user=0', '--entrypoint=node', image, '-e', script]);
}
