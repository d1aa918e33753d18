import { type IncidentName, incidentNames, isIncident } from './incidents.ts';

export interface SimulateOptions {
  /** The same seed gives the same calls. @default 1 */
  seed?: number;
  /** Ends after so many calls. @default no end */
  calls?: number;
  /** Ends after so many seconds. @default no end */
  duration?: number;
  /** Calls per minute, below the concurrency limit. @default 12 */
  rate?: number;
  /** Maximum number of concurrent calls. @default 6 */
  concurrency?: number;
  /** The speed at which people talk and think, as a multiple of real time; models keep their latencies. @default 1 */
  speed?: number;
  /** Port of /metrics; 0 takes a free one. @default TALKGAUGE_PORT, or 9464 */
  port?: number;
  /** Port of the incident switches; 0 takes a free one. @default 9466, or a free one if that is in use */
  controlPort?: number;
  /** Port of the gateway that the calls upload to; 0 takes a free one. @default no gateway, and no recording */
  gatewayPort?: number;
  /** Directory for the gateway's sessions and the worker's reports. @default a directory that is deleted at the end */
  data?: string;
  /**
   * File with the API key that calls are uploaded with, as `key: secret`; generated if the file does not exist. @default a
   * key generated for this run
   */
  keyFile?: string;
  /** Price file that overrides the built-in prices. @default TALKGAUGE_PRICES, or the built-in prices */
  prices?: string;
  /** Incidents active from the start. @default none */
  incidents?: readonly IncidentName[];
  /** Directory for the event logs of jobs. @default not written */
  oracle?: string;
  /** File to which the output of the SDK and of the jobs is appended. @default a file that is deleted at the end */
  log?: string;
}

/** The options with their defaults. */
export type Settings = Required<
  Pick<SimulateOptions, 'seed' | 'rate' | 'concurrency' | 'speed' | 'controlPort' | 'incidents'>
> &
  SimulateOptions;

/** An invalid option. The message names it and its valid values. */
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

/** @throws {SimulateOptionError} for an invalid option */
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
