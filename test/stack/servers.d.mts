/** A server that is running. */
export interface RunningServer {
  /** The base URL, without a trailing `/`. */
  url: string;
  /** The end of its output. */
  log(): string;
  stop(): Promise<void>;
}

/** The command, from PATH or the environment variable of its name; undefined if it is not installed. */
export function find(server: 'prometheus' | 'promtool'): string | undefined;

/** An unused port of 127.0.0.1. */
export function freePort(): Promise<number>;

/**
 * Runs a server until it is stopped, and waits until it is ready.
 *
 * @param options.readyAt the path of its readiness probe @default /-/ready
 * @throws {Error} with its output if it is not ready within a minute
 */
export function startServer(
  command: string,
  args: readonly string[],
  port: number,
  cleanUp?: () => void,
  options?: { readyAt?: string; env?: Readonly<Record<string, string>> },
): Promise<RunningServer>;

/** @param options.storage the folder of its blocks @default a folder that is deleted at the end */
export function startPrometheus(options: {
  config: unknown;
  storage?: string;
  retention?: string;
  /** @default a free port */
  port?: number;
  /** @default the command on PATH, or in the variable PROMETHEUS */
  command?: string;
  /** Feature flags beside the exemplar storage. */
  features?: readonly string[];
}): Promise<RunningServer>;
