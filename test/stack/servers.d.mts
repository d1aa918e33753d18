/** A server that is running. */
export interface Server {
  /** Where it answers, without a final `/`. */
  url: string;
  /** The last of what it printed. */
  said(): string;
  stop(): Promise<void>;
}

export type Command = 'prometheus' | 'promtool' | 'alertmanager';

/** The command, from PATH or the variable of its name; undefined when this machine does not have it. */
export function find(server: Command): string | undefined;

/** A port of 127.0.0.1 that nobody listens on. */
export function freePort(): Promise<number>;

/** @param options.storage where its blocks are @default a folder that is deleted at the end */
export function startPrometheus(options: {
  config: unknown;
  storage?: string;
  retention?: string;
}): Promise<Server>;

export function startAlertmanager(options: { config: unknown }): Promise<Server>;
