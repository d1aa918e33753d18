import { type Objectives, type ProfileName, profiles } from '../catalogue/objectives.ts';

/** What the user wants otherwise in single alerts. Each is named as `NAME`, or as `NAME/SEVERITY` where it has several. */
export interface AlertChoices {
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

/** What the user of boards and rules may choose. */
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
  alerts: AlertChoices;
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
