/** A stretch of the history, in hours before its end. */
export interface Period {
  from: number;
  to: number;
}

/** A version in service, on a share of an agent's workers. */
export interface Release extends Period {
  version: string;
  /** Of the agent's workers, counted from the first: which ones run it. */
  workers: readonly [first: number, end: number];
}

/** How turns, tools and sessions go while nothing is wrong, or while something is. */
export interface Quality {
  /** Median of turn latency, in seconds; it is lognormal. */
  median: number;
  /** Sigma of the lognormal. */
  sigma: number;
  /** Share of the tool calls that fail. */
  toolErrors: number;
  /** Share of the sessions that end with an error. */
  sessionErrors: number;
}

export interface HistoryAgent {
  name: string;
  /** How many workers it has, of every hundred. */
  share: number;
  model: { model_provider: string; model_name: string };
  quality: Quality;
  releases: readonly Release[];
}

/** What went wrong: when, for whom, and how bad it was. */
export interface Incident extends Period {
  agent: string;
  /** Only this version. @default all */
  version?: string;
  quality: Partial<Quality>;
}

/** A fleet's past. */
export interface Scenario {
  agents: readonly HistoryAgent[];
  incidents: Readonly<Record<string, Incident>>;
}

const always = { from: Number.POSITIVE_INFINITY, to: 0 };
const day = 24;

/** The bad canary: a quarter of the workers, for six hours, four days ago. */
const canary = { from: 4 * day, to: 4 * day - 6 } as const;

/**
 * A quiet month with a deploy that changed nothing, a slow model one day, and a bad canary on another. 3 % of the turns of a
 * healthy agent take longer than 1.5 s: within an objective of 5 %.
 */
export const scenario: Scenario = {
  agents: [
    {
      name: 'front-desk',
      share: 40,
      model: { model_provider: 'openai', model_name: 'gpt-4o-mini' },
      quality: { median: 0.85, sigma: 0.3, toolErrors: 0.02, sessionErrors: 0.002 },
      releases: [
        { version: '2.3.1', from: Number.POSITIVE_INFINITY, to: 20 * day, workers: [0, 100] },
        { version: '2.4.0', from: 20 * day, to: canary.from, workers: [0, 25] },
        { version: '2.5.0', ...canary, workers: [0, 25] },
        { version: '2.4.0', from: canary.to, to: 0, workers: [0, 25] },
        { version: '2.4.0', from: 20 * day, to: 0, workers: [25, 100] },
      ],
    },
    {
      name: 'support',
      share: 30,
      model: { model_provider: 'anthropic', model_name: 'claude-haiku-4-5' },
      quality: { median: 0.8, sigma: 0.3, toolErrors: 0.03, sessionErrors: 0.003 },
      releases: [{ version: '1.9.2', ...always, workers: [0, 100] }],
    },
    {
      name: 'survey',
      share: 30,
      model: { model_provider: 'google', model_name: 'gemini-2.5-flash' },
      quality: { median: 0.75, sigma: 0.3, toolErrors: 0.02, sessionErrors: 0.002 },
      releases: [{ version: '0.9.0', ...always, workers: [0, 100] }],
    },
  ],
  incidents: {
    'slow model': { agent: 'support', from: 12 * day, to: 12 * day - 8, quality: { median: 1.35 } },
    'bad canary': {
      agent: 'front-desk',
      version: '2.5.0',
      ...canary,
      quality: { median: 1.9, toolErrors: 0.5, sessionErrors: 0.08 },
    },
  },
};

/** Whether a moment, in hours before the end, lies in a period. */
export const within = ({ from, to }: Period, hours: number): boolean => hours <= from && hours > to;

/** How it went for a version of an agent at a moment, in hours before the end. */
export function qualityAt(
  { incidents }: Scenario,
  agent: HistoryAgent,
  version: string,
  hours: number,
): Quality {
  const bad = Object.values(incidents).filter(
    (incident) =>
      incident.agent === agent.name &&
      (incident.version === undefined || incident.version === version) &&
      within(incident, hours),
  );
  return Object.assign({ ...agent.quality }, ...bad.map(({ quality }) => quality)) as Quality;
}

/**
 * Turns per second of a worker: a daily rhythm between a tenth and the whole. A history ends at its peak, whenever it is made, so
 * that the same happens in each.
 */
export function turnRate(hoursBefore: number, peak = 0.05): number {
  return peak * (0.55 + 0.45 * Math.cos((hoursBefore / 12) * Math.PI));
}

/** The share of a lognormal at or below a value. */
export function lognormalShare(value: number, median: number, sigma: number): number {
  return normalShare(Math.log(value / median) / sigma);
}

/** Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.17; the error is below 7.5e-8. */
function normalShare(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail = ((((1.330274429 * t - 1.821255978) * t + 1.781477937) * t - 0.356563782) * t + 0.31938153) * t;
  const above = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * tail;
  return x >= 0 ? 1 - above : above;
}
