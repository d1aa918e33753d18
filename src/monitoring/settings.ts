import { parse } from 'yaml';
import { z } from 'zod';
import { type Objectives, type ProfileName, profiles } from '../catalogue/objectives.ts';

/** The user's overrides of single alerts. Each is named as `NAME`, or as `NAME/SEVERITY` where it has several. */
export interface AlertOverrides {
  /** Alerts that are left out. @default none */
  disable: readonly string[];
  /** @default none */
  override: Readonly<Record<string, AlertOverride>>;
}

export interface AlertOverride {
  severity?: 'critical' | 'warning' | 'info' | undefined;
  /** How long it has to hold, as a Prometheus duration. */
  for?: string | undefined;
  /** Labels beside its own, such as the team that is notified. */
  labels?: Readonly<Record<string, string>> | undefined;
}

/** The user's settings of boards and rules. */
export interface Settings {
  /** @default the profile `standard` */
  objectives: Objectives;
  /** Uid of the Prometheus data source that boards show first; undefined: Grafana's default one. */
  datasource: string | undefined;
  /** Likewise, of Loki and of Tempo. */
  logsDatasource: string | undefined;
  tracesDatasource: string | undefined;
  /** The `service.name` under which agents send traces and logs. @default livekit-agents */
  service: string;
  /** Where the gateway is, without a final `/`, for links to the pages of calls. */
  gateway: string;
  /** Matchers that every series has to meet, as PromQL writes them: `job="livekit-agents"`. @default none */
  selector: readonly string[];
  /** Labels of the user's own (region, tenant) that rules keep and boards can be filtered by. @default none */
  labels: readonly string[];
  /** Whether boards read recorded series; false: they need no rules, and are slow over weeks. @default true */
  recorded: boolean;
  /** Which alerts are left out or changed. @default none */
  alerts: AlertOverrides;
  /** Where the runbooks are, with a final `/`: NAME.md is added. @default they are a board in Grafana */
  runbooks: string | undefined;
  /** Where Grafana is, without a final `/`, for the links of alerts. */
  grafana: string;
}

export const settingsOf = (profile: ProfileName, chosen: Partial<Settings> = {}): Settings => ({
  objectives: profiles[profile],
  datasource: undefined,
  logsDatasource: undefined,
  tracesDatasource: undefined,
  service: 'livekit-agents',
  gateway: 'http://localhost:9465',
  selector: [],
  labels: [],
  recorded: true,
  alerts: { disable: [], override: {} },
  runbooks: undefined,
  grafana: 'http://localhost:3000',
  ...chosen,
});

const duration = z.string().regex(/^([0-9]+(ms|[smhdwy]))+$/, 'It takes a duration such as 10m');

const alertOverridesSchema = z.strictObject({
  disable: z.array(z.string()).default([]),
  override: z
    .record(
      z.string(),
      z.strictObject({
        severity: z.enum(['critical', 'warning', 'info']).optional(),
        for: duration.optional(),
        labels: z
          .record(z.string().regex(/^[a-zA-Z_]\w*$/, 'It takes the name of a label'), z.string())
          .optional(),
      }),
    )
    .default({}),
});

/**
 * Reads what the user wants otherwise in single alerts, as YAML or JSON:
 * `{ disable: [TalkgaugeLabelOverflow], override: { LiveKitAgentToolSlow: { severity: info, for: 30m } } }`.
 *
 * @throws {Error} that names each entry that cannot be used, and what it takes
 */
export function parseAlertOverrides(text: string): AlertOverrides {
  const result = alertOverridesSchema.safeParse(parse(text) ?? {});
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the file'}: ${message}`,
  );
  throw new Error(`${problems.join('; ')}. It takes disable, a list of alerts, and override, by alert.`);
}

const seconds = z.number().positive();
const ratio = z.number().gt(0).lt(1);
const latency = z.strictObject({ seconds, ratio });

/** The form of each objective; one that is added to `Objectives` does not compile until it has one. */
const objectiveSchemas: { readonly [O in keyof Objectives]-?: z.ZodType<Objectives[O]> } = {
  turnLatency: latency,
  turnLatencyTail: latency,
  sessionSuccess: z.strictObject({ ratio }),
  firstResponse: seconds,
  deadAir: seconds,
  deadAirRatio: ratio,
  toolDuration: seconds,
  toolErrorRatio: ratio,
  providerErrorRatio: ratio,
  crashRatio: ratio,
  recordingErrorRatio: ratio,
  unansweredRatio: ratio,
  falseInterruptionRatio: ratio,
  earlyHangup: seconds,
  earlyHangupRatio: ratio,
  costPerMinute: z.number().positive().optional(),
  loadThreshold: ratio,
  workerLoad: ratio,
  networkLossRatio: ratio,
  networkRttSeconds: seconds,
  networkJitterSeconds: seconds,
};
const objectivesSchema = z.strictObject(objectiveSchemas).partial();

/**
 * Reads objectives of the user's own, as YAML or JSON: `turnLatency: { seconds: 1.2, ratio: 0.95 }`. Those that it leaves
 * out stay as the profile has them.
 *
 * @throws {Error} that names each objective that cannot be used, and what it takes
 */
export function parseObjectives(text: string, profile: Objectives): Objectives {
  const result = objectivesSchema.safeParse(parse(text) ?? {});
  if (result.success) return { ...profile, ...result.data };
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the file'}: ${message}`,
  );
  throw new Error(`${problems.join('; ')}. The objectives are ${Object.keys(objectiveSchemas).join(', ')}.`);
}
