import { type IncidentName, incidentNames, isIncident } from './incidents.ts';

export interface SimulateOptions {
  /** The same seed gives the same calls. @default 1 */
  seed?: number;
  /** Ends after so many calls. @default no end */
  calls?: number;
  /** Ends after so many seconds. @default no end */
  duration?: number;
  /** Calls per minute that come in while there is somebody to take them. @default 12 */
  rate?: number;
  /** How many calls there may be at a time. @default 6 */
  concurrency?: number;
  /** How many times faster than life people talk and think; models keep their latencies. @default 1 */
  speed?: number;
  /** Port of /metrics; 0 takes a free one. @default TALKGAUGE_PORT, or 9464 */
  port?: number;
  /** Port of the incident switches; 0 takes a free one. @default 9466, or a free one if that is taken */
  controlPort?: number;
  /** Port of the gateway that the calls upload to; 0 takes a free one. @default there is none, and nothing is recorded */
  gatewayPort?: number;
  /** Where the gateway keeps sessions, and the worker their reports. @default a directory that is deleted at the end */
  data?: string;
  /**
   * File with the API key that calls are uploaded with, as `key: secret`; it is drawn if the file is not there.
   * @default a key that is drawn for this run
   */
  keyFile?: string;
  /** Price file, which goes before the built-in prices. @default TALKGAUGE_PRICES, or the built-in prices */
  prices?: string;
  /** What goes wrong from the start. @default nothing */
  incidents?: readonly IncidentName[];
  /** Directory for what each job emitted, by its own count. @default none is written */
  oracle?: string;
  /** File that the output of the SDK and of the jobs is appended to. @default a file that is deleted at the end */
  log?: string;
}

/** The options with their defaults. */
export type Settings = Required<
  Pick<SimulateOptions, 'seed' | 'rate' | 'concurrency' | 'speed' | 'controlPort' | 'incidents'>
> &
  SimulateOptions;

/** An option that cannot be used. The message says which one, and what it takes. */
export class SimulateOptionError extends Error {
  override name = 'SimulateOptionError';
}

const ranges = {
  seed: { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true },
  calls: { min: 1, max: Number.MAX_SAFE_INTEGER, whole: true },
  duration: { min: 1, max: 31_536_000, whole: false },
  rate: { min: 0.1, max: 6000, whole: false },
  concurrency: { min: 1, max: 500, whole: true },
  speed: { min: 0.1, max: 20, whole: false },
  port: { min: 0, max: 65_535, whole: true },
  controlPort: { min: 0, max: 65_535, whole: true },
  gatewayPort: { min: 0, max: 65_535, whole: true },
} as const;

/** @throws {SimulateOptionError} for an option that cannot be used */
export function resolveOptions(options: SimulateOptions = {}): Settings {
  for (const [name, { min, max, whole }] of Object.entries(ranges)) {
    const value = options[name as keyof typeof ranges];
    if (value === undefined) continue;
    if (!(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
      throw new SimulateOptionError(
        `{ ${name} } is ${value}, but takes a ${whole ? 'whole ' : ''}number from ${min} to ${max}`,
      );
    }
  }
  const unknown = options.incidents?.find((name) => !isIncident(name));
  if (unknown !== undefined) {
    throw new SimulateOptionError(`there is no incident ${unknown}; choose from ${incidentNames.join(', ')}`);
  }
  return {
    ...options,
    seed: options.seed ?? 1,
    rate: options.rate ?? 12,
    concurrency: options.concurrency ?? 6,
    speed: options.speed ?? 1,
    controlPort: options.controlPort ?? 9466,
    incidents: options.incidents ?? [],
  };
}
