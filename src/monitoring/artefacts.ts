import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { alertmanagerConfig, messageTemplates } from './alertmanager.ts';
import { alertsReference } from './alerts-reference.ts';
import { dashboards } from './boards/index.ts';
import { metricsReference } from './metrics-reference.ts';
import { priceReference } from './price-reference.ts';
import { alertingGroups, recordingGroups } from './rules/index.ts';
import { ruleFile } from './rules/render.ts';
import { gatewayApiReference, gatewayMetricsReference, reportReference } from './schema-references.ts';
import { type Settings, settingsOf } from './settings.ts';

/** A committed file that is generated from the catalogue or the price list. */
interface Artefact {
  /** From the root of the repository, with `/`. */
  path: string;
  content: string;
}

/** The boards, the rules and Alertmanager's configuration for a user's settings. They depend on the settings and the code alone. */
export const bundle = (settings: Settings): Artefact[] => [
  ...dashboards(settings).map(({ name, dashboard }) => ({
    path: `dashboards/${name}.json`,
    content: `${JSON.stringify(dashboard, null, 2)}\n`,
  })),
  { path: 'prometheus/rules/talkgauge.yml', content: ruleFile(recordingGroups(settings), settings) },
  { path: 'alerts/talkgauge.yml', content: ruleFile(alertingGroups(settings), settings) },
  { path: 'prometheus/alertmanager.yml', content: alertmanagerConfig(settings) },
  ...messageTemplates(),
];

/** All committed artefacts: the bundle with its defaults, and the references. */
export const artefacts = (): Artefact[] => [
  { path: 'docs/metrics.md', content: metricsReference() },
  { path: 'docs/alerts.md', content: alertsReference() },
  { path: 'docs/prices.md', content: priceReference() },
  { path: 'docs/gateway-api.md', content: gatewayApiReference() },
  { path: 'docs/gateway-metrics.md', content: gatewayMetricsReference() },
  { path: 'docs/report-fields.md', content: reportReference() },
  ...bundle(settingsOf('standard')),
];

/** Writes the artefacts under `root`; returns the paths of those that were missing or different. */
export function write(artefacts: readonly Artefact[], root: string): string[] {
  const changed = artefacts.filter(({ path, content }) => read(join(root, path)) !== content);
  for (const { path, content } of changed) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return changed.map(({ path }) => path);
}

/** The drift of the artefacts under `root`: for each that is missing or different, the first difference. */
export function drift(artefacts: readonly Artefact[], root: string): string[] {
  return artefacts.flatMap(({ path, content }) => {
    const present = read(join(root, path));
    if (present === undefined) return [`${path} is missing`];
    return present === content ? [] : [`${path} is out of date\n${firstDifference(path, present, content)}`];
  });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function firstDifference(path: string, present: string, content: string): string {
  const [there, here] = [present.split('\n'), content.split('\n')];
  const at = here.findIndex((line, index) => line !== there[index]);
  const index = at < 0 ? here.length : at;
  const shown = (mark: string, line: string | undefined) => (line === undefined ? [] : [`${mark}${line}`]);
  return [`@@ ${path}:${index + 1} @@`, ...shown('-', there[index]), ...shown('+', here[index])].join('\n');
}
