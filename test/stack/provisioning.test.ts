import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dashboardsFile, datasourcesFile } from './provisioning-schema.ts';
import { type Compose, readYaml, root } from './repository.ts';

const provisioning = 'grafana/provisioning';
const files = (folder: string) =>
  readdirSync(join(root, provisioning, folder)).map((file) => `${provisioning}/${folder}/${file}`);
const sources = () =>
  files('datasources').flatMap((file) => datasourcesFile.parse(readYaml(file)).datasources);
const grafana = readYaml<Compose>('docker-compose.yml').services.grafana;

test('Grafana is given data sources and boards, and nothing else', () => {
  expect(readdirSync(join(root, provisioning)).toSorted()).toEqual(['dashboards', 'datasources']);
});

test.each(files('datasources'))(
  '%s has the keys that Grafana documents, with values that it takes',
  (file) => {
    expect(datasourcesFile.safeParse(readYaml(file)).error).toBeUndefined();
  },
);

test.each(files('dashboards'))(
  '%s has the keys that Grafana documents, with values that it takes',
  (file) => {
    expect(dashboardsFile.safeParse(readYaml(file)).error).toBeUndefined();
  },
);

describe('a file is refused', () => {
  const [file = ''] = files('datasources');
  const given = readYaml<{ datasources: { url: string; jsonData: object }[] }>(file);
  const [first, ...rest] = given.datasources;
  test.each([
    ['with a key that Grafana does not know', { ...first, isdefault: true }],
    [
      'with a setting that it does not know',
      { ...first, jsonData: { ...first?.jsonData, httpmethod: 'GET' } },
    ],
    ['with a dollar sign that would begin a variable', { ...first, name: 'Prometheus $1' }],
  ])('%s', (_, changed) => {
    expect(datasourcesFile.safeParse({ ...given, datasources: [changed, ...rest] }).success).toBe(false);
  });
});

test('data sources have the uids that boards and links use, and Prometheus is the default', () => {
  expect(sources().map(({ uid, type, isDefault = false }) => [uid, type, isDefault])).toEqual([
    ['prometheus', 'prometheus', true],
    ['alertmanager', 'alertmanager', false],
  ]);
});

test('what a data source refers to is there', () => {
  const uids = sources().map(({ uid }) => uid);
  const referred = sources().flatMap((source) =>
    source.type === 'prometheus'
      ? [
          source.jsonData.alertmanagerUid,
          ...(source.jsonData.exemplarTraceIdDestinations ?? []).map((d) => d.datasourceUid),
        ]
      : [],
  );
  expect(referred.filter((uid) => uid && !uids.includes(uid))).toEqual([]);
});

test('they are at services of the stack', () => {
  const { services } = readYaml<Compose>('docker-compose.yml');
  expect(sources().map(({ url }) => url)).toEqual(['http://prometheus:9090', 'http://alertmanager:9093']);
  expect(sources().filter(({ url }) => !Object.hasOwn(services, new URL(url).hostname))).toEqual([]);
});

test('the interval of queries is that of scrapes', () => {
  const { global } = readYaml<{ global: { scrape_interval: string } }>('prometheus/prometheus.yml');
  const intervals = sources().flatMap((source) =>
    source.type === 'prometheus' ? [source.jsonData.timeInterval] : [],
  );
  expect(intervals).toEqual([global.scrape_interval]);
});

test('boards are read where they are mounted, and the fleet is what one sees first', () => {
  const [file = ''] = files('dashboards');
  const [provider] = dashboardsFile.parse(readYaml(file)).providers;
  expect(grafana?.volumes).toContain(`./dashboards:${provider?.options.path}:ro`);
  expect(grafana?.environment?.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH).toBe(
    `${provider?.options.path}/fleet.json`,
  );
  expect([provider?.folder, provider?.folderUid]).toEqual(['Earshot', 'earshot']);
});
