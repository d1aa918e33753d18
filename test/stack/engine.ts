import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { read, root } from './repository.ts';

const execute = promisify(execFile);

/** The address of the Docker engine is in DOCKER_HOST or in the user's context, as for `docker`. */
const answers = (...args: readonly string[]): boolean => {
  try {
    execFileSync('docker', args, { stdio: 'ignore', timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
};

/** @throws Error with the output if it fails */
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

/** The base image of this repository's Dockerfile. */
export const nodeImage = read('Dockerfile').match(/^ARG NODE_IMAGE=(\S+)$/m)?.[1] ?? '';

/**
 * The missing requirements of a test; empty if the test can run. Images are not pulled here, because a test downloads
 * nothing without being asked. docs/stack.md has the commands to pull them.
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

/** The suffix of the title of a skipped test. */
export const skipSuffix = (missingRequirements: readonly string[]): string =>
  missingRequirements.length > 0 ? ` (skipped: ${missingRequirements.join(', ')})` : '';

/** A name that is unique on the engine. */
export const uniqueName = (): string => `talkgauge-test-${randomBytes(4).toString('hex')}`;

/**
 * Builds the image of a folder with a Dockerfile. Returns its name; the caller removes it.
 *
 * @param folder @default this repository
 */
export async function buildImage(folder: string = root): Promise<string> {
  const name = uniqueName();
  // An older Dockerfile may have another base image than the local one.
  const base = `NODE_IMAGE=${nodeImage}`;
  await docker(['build', '--network=host', '--build-arg', base, '--tag', name, '.'], { cwd: folder });
  return name;
}

export const removeImage = (name: string): Promise<string> => docker(['image', 'rm', '--force', name]);

/** Removes a container in any state, with its anonymous volumes. */
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
  if (!found) throw new Error(`no container ${id}`);
  return found;
}

/** Runs a container in the background. Returns its ID. */
export const start = async (...args: readonly string[]): Promise<string> =>
  (await docker(['run', '--detach', ...args])).trim();

/**
 * Sends a signal to the first process of a container from outside, as the kernel would: Docker treats `docker kill` as an
 * intended stop, and does not restart the container.
 *
 * @param image an image with Node.js, which runs the process that sends the signal
 */
export async function signal(image: string, id: string, name: 'SIGKILL' | 'SIGSTOP'): Promise<void> {
  const { Pid } = (await inspect(id)).State;
  const script = `process.kill(${Pid}, '${name}')`;
  await docker(['run', '--rm', '--pid=host', '--user=0', '--entrypoint=node', image, '-e', script]);
}
