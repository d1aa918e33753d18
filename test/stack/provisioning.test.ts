import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { metrics } from '../../src/catalogue/metrics.ts';
import { uidOf } from '../../src/monitoring/boards/panels/links.ts';
import { dashboardsFile, datasourcesFile } from './provisioning-schema.ts';
import { type Compose, readYaml, root } from './repository.ts';

const provisioning = 'grafana/provisioning';
const files = (folder: string) =>
  readdirSync(join(root, provisioning, folder)).map((file) => `${provisioning}/${folder}/${file}`);
const sources = () =>
  files('datasources').flatMap((file) => datasourcesFile.parse(readYaml(file)).datasources);
const grafana = readYaml<Compose>('docker-compose.yml').services.grafana;

test('only data sources and boards are provisioned', () => {
  expect(readdirSync(join(root, provisioning)).toSorted()).toEqual(['dashboards', 'datasources']);
});

test.each(files('datasources'))('%s has only documented keys with valid values', (file) => {
  expect(datasourcesFile.safeParse(readYaml(file)).error).toBeUndefined();
});

test.each(files('dashboards'))('%s has only documented keys with valid values', (file) => {
  expect(dashboardsFile.safeParse(readYaml(file)).error).toBeUndefined();
});

describe('the schema refuses a file', () => {
  const file = `${provisioning}/datasources/metrics.yml`;
  const given = readYaml<{ datasources: { url: string; jsonData: object }[] }>(file);
  const [first, ...rest] = given.datasources;
  test.each([
    ['with a key that Grafana does not know', { ...first, isdefault: true }],
    ['with an unknown setting', { ...first, jsonData: { ...first?.jsonData, httpmethod: 'GET' } }],
    ['with a dollar sign that would begin a variable', { ...first, name: 'Prometheus $1' }],
  ])('%s', (_, changed) => {
    expect(datasourcesFile.safeParse({ ...given, datasources: [changed, ...rest] }).success).toBe(false);
  });
});

test('data sources have the uids that boards and links use, and Prometheus is the default', () => {
  expect(sources().map(({ uid, type, isDefault = false }) => [uid, type, isDefault])).toEqual([
    ['tempo', 'tempo', false],
    ['loki', 'loki', false],
    ['prometheus', 'prometheus', true],
    ['alertmanager', 'alertmanager', false],
  ]);
});

const boardOf = (url = ''): string | undefined => url.match(/^\/d\/([\w-]+)/)?.[1];

/** Links of data sources to other data sources and to boards, with the linking setting. */
const linksOfSources = () =>
  sources().flatMap((source): (readonly [from: string, by: string, to: string | undefined])[] => {
    const { uid } = source;
    switch (source.type) {
      case 'prometheus':
        return [
          [uid, 'alerts', source.jsonData.alertmanagerUid],
          ...(source.jsonData.exemplarTraceIdDestinations ?? []).map(
            (d) => [uid, `exemplar's ${d.name}`, d.datasourceUid ?? boardOf(d.url)] as const,
          ),
        ];
      case 'tempo':
        return [
          [uid, 'span', source.jsonData.tracesToLogsV2.datasourceUid],
          [uid, 'span', source.jsonData.tracesToMetrics.datasourceUid],
        ];
      case 'loki':
        return source.jsonData.derivedFields.map(
          (d) => [uid, `label ${d.matcherRegex}`, d.datasourceUid ?? boardOf(d.url)] as const,
        );
      default:
        return [];
    }
  });

test('an exemplar links to its trace, a span to its logs and metrics, a log line to its trace', () => {
  expect(linksOfSources()).toEqual([
    ['tempo', 'span', 'loki'],
    ['tempo', 'span', 'prometheus'],
    ['loki', 'label trace_id', 'tempo'],
    ['loki', 'label job_id', 'talkgauge-session'],
    ['prometheus', 'alerts', 'alertmanager'],
    ['prometheus', "exemplar's trace_id", 'tempo'],
    ['prometheus', "exemplar's trace_id", 'talkgauge-session'],
  ]);
});

test('a link to a board has the current time range, with variables that Explore also supports', () => {
  const urls = sources().flatMap((source) => {
    if (source.type === 'prometheus')
      return (source.jsonData.exemplarTraceIdDestinations ?? []).map(({ url }) => url);
    return source.type === 'loki' ? source.jsonData.derivedFields.map(({ url }) => url) : [];
  });
  expect(urls.filter((url) => boardOf(url))).toEqual([
    '/d/talkgauge-session?from=$${__from}&to=$${__to}&var-job_id=$${__value.raw}',
    '/d/talkgauge-session?from=$${__from}&to=$${__to}&var-trace_id=$${__value.raw}',
  ]);
});

test('references of data sources exist', () => {
  const uids = [...sources().map(({ uid }) => uid), uidOf('session')];
  expect(linksOfSources().filter(([, , to]) => to && !uids.includes(to))).toEqual([]);
});

test('queries for a span use existing series and labels', () => {
  const queries = sources().flatMap((source) =>
    source.type === 'tempo' ? source.jsonData.tracesToMetrics.queries.map(({ query }) => query) : [],
  );
  const named = queries.map((query) => query.match(/lk_agents_\w+/)?.[0].replace(/_bucket$/, '') ?? '');
  expect(named).toEqual(['lk_agents_turn_e2e_latency_seconds', 'lk_agents_errors_total']);
  expect(named.filter((name) => !(name in metrics))).toEqual([]);
});

test('URLs of data sources are those of services in the stack', () => {
  const { services } = readYaml<Compose>('docker-compose.yml');
  expect(sources().map(({ url }) => url)).toEqual([
    'http://tempo:3200',
    'http://loki:3100',
    'http://prometheus:9090',
    'http://alertmanager:9093',
  ]);
  expect(sources().filter(({ url }) => !Object.hasOwn(services, new URL(url).hostname))).toEqual([]);
});

test('the query interval is the scrape interval', () => {
  const { global } = readYaml<{ global: { scrape_interval: string } }>('prometheus/prometheus.yml');
  const intervals = sources().flatMap((source) =>
    source.type === 'prometheus' ? [source.jsonData.timeInterval] : [],
  );
  expect(intervals).toEqual([global.scrape_interval]);
});

test('boards are read from their mount, and the fleet board is the home page', () => {
  const [file = ''] = files('dashboards');
  const [provider] = dashboardsFile.parse(readYaml(file)).providers;
  expect(grafana?.volumes).toContain(`./dashboards:${provider?.options.path}:ro`);
  expect(grafana?.environment?.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH).toBe(
    `${provider?.options.path}/fleet.json`,
  );
  expect([provider?.folder, provider?.folderUid]).toEqual(['Talkgauge', 'talkgauge']);
});
