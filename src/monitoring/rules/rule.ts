import type { Objectives } from '../../catalogue/objectives.ts';
import type { Queries } from '../promql/queries.ts';
import type { Settings } from '../settings.ts';

/** What rules are made of: the user's choices, and PromQL over the series that they select. */
export interface RuleContext {
  settings: Settings;
  objectives: Objectives;
  q: Queries;
}

/** A recording rule. */
export interface RecordingRule {
  /** `level:metric:operations`, as Prometheus recommends. */
  record: string;
  expr: string;
  labels?: Readonly<Record<string, string>>;
}

/** `none`: it fires on purpose, and nobody is notified of it. */
export type Severity = 'critical' | 'warning' | 'info' | 'none';

/** What an alert is about; notifications are routed and silenced by it. */
export type Category =
  | 'latency'
  | 'failure'
  | 'traffic'
  | 'quality'
  | 'release'
  | 'cost'
  | 'saturation'
  | 'network'
  | 'telemetry';

/** An alert. Its name is that of its runbook, `docs/runbooks/NAME.md`, and of its tests, `alerts/tests/NAME.yml`. */
export interface AlertRule {
  alert: string;
  expr: string;
  /** How long it has to hold. @default it fires at once */
  for?: string;
  /** How long it goes on after it held last, so that a gap in the data does not resolve it. @default it does not */
  keepFiringFor?: string;
  severity: Severity;
  /** The objectives that set its limits. @default its limits are the same for every profile */
  objectives?: readonly (keyof Objectives)[];
  category: Category;
  /** Labels beside severity, category, and those of the expression. */
  labels?: Readonly<Record<string, string>>;
  /** One line with the figures and whom it concerns; a Prometheus template. */
  summary: string;
  /** What it means, and against what it was measured. */
  description: string;
  /** The board to look at, and variables to set on it; a value may be a template. */
  board: { name: string; variables?: Readonly<Record<string, string>> };
}

/** Rules that are evaluated one after the other. */
export interface RuleGroup<R extends RecordingRule | AlertRule = RecordingRule | AlertRule> {
  name: string;
  /** How often, as a Prometheus duration. */
  interval: string;
  rules: readonly R[];
}
