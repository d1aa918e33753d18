/** A server that is running. */
export interface RunningServer {
  /** Where it answers, without a final `/`. */
  url: string;
  /** The last of what it printed. */
  log(): string;
  stop(): Promise<void>;
}

/** The command, from PATH or the variable of its name; undefined when this machine does not have it. */
export function find(server: 'prometheus' | 'promtool'): string | undefined;

/** A port of 127.0.0.1 that nobody listens on. */
export function freePort(): Promise<number>;

/**
 * Runs a server until it is asked to stop, and waits until it says that it is ready.
 *
 * @param options.readyAt where it says so @default /-/ready
 * @throws {Error} with what it printed when it does not come within a minute
 */
export function startServer(
  command: string,
  args: readonly string[],
  port: number,
  cleanUp?: () => void,
  options?: { readyAt?: string; env?: Readonly<Record<string, string>> },
): Promise<RunningServer>;

/** @param options.storage where its blocks are @default a folder that is deleted at the end */
export function startPrometheus(options: {
  config: unknown;
  storage?: string;
  retention?: string;
  /** @default a free one */
  port?: number;
  /** @default the one on PATH, or that the variable PROMETHEUS names */
  command?: string;
  /** What is switched on beside the storage of exemplars. */
  features?: readonly string[];
}): Promise<RunningServer>;
