import { alertsReference } from './alerts-reference.ts';
import { dashboards } from './boards/index.ts';
import { gatewayApiReference } from './gateway-api-reference.ts';
import { gatewayMetricsReference } from './gateway-metrics-reference.ts';
import { metricsReference } from './metrics-reference.ts';
import { priceReference } from './price-reference.ts';
import { reportReference } from './report-reference.ts';
import { alertingGroups, recordingGroups } from './rules/index.ts';
import { ruleFile } from './rules/render.ts';
import { type Settings, settingsOf } from './settings.ts';

/** A file that is made from the catalogue or the price list and committed. */
export interface Artefact {
  /** From the root of the repository, with `/`. */
  path: string;
  content: string;
}

/** The boards and rules for a user's settings. They depend on the settings and the code alone. */
export const bundle = (settings: Settings): Artefact[] => [
  ...dashboards(settings).map(({ name, dashboard }) => ({
    path: `dashboards/${name}.json`,
    content: `${JSON.stringify(dashboard, null, 2)}\n`,
  })),
  { path: 'prometheus/rules/talkgauge.yml', content: ruleFile(recordingGroups(settings), settings) },
  { path: 'alerts/talkgauge.yml', content: ruleFile(alertingGroups(settings), settings) },
];

/** All that is committed: the bundle with its defaults, and the references. */
export const artefacts = (): Artefact[] => [
  { path: 'docs/metrics.md', content: metricsReference() },
  { path: 'docs/alerts.md', content: alertsReference() },
  { path: 'docs/prices.md', content: priceReference() },
  { path: 'docs/gateway-api.md', content: gatewayApiReference() },
  { path: 'docs/gateway-metrics.md', content: gatewayMetricsReference() },
  { path: 'docs/report-fields.md', content: reportReference() },
  ...bundle(settingsOf('standard')),
];
