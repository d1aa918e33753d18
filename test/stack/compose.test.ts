import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DCLinter } from 'dclint';
import { describe, expect, test } from 'vitest';
import { type Compose, read, readYaml, root, type Service, withDefaults } from './repository.ts';

const { services, volumes, networks } = readYaml<Compose>('docker-compose.yml');
const named = Object.entries(services);
const hostPaths = ({ volumes: mounts = [] }: Service) =>
  mounts.filter((mount) => mount.startsWith('./')).map((mount) => mount.split(':'));

test('the linter and the Compose schema have nothing to say', () => {
  const { rules } = JSON.parse(read('.dclintrc'));
  const linter = new DCLinter({ rules, quiet: false, debug: false, exclude: [] });
  const results: { messages: { line: number; rule: string; message: string }[] }[] = linter.lintFiles(
    [join(root, 'docker-compose.yml')],
    false,
  );
  const [result, ...others] = results;
  expect(others).toEqual([]);
  expect(result?.messages.map(({ line, rule, message }) => `${line} ${rule}: ${message}`)).toEqual([]);
});

test('images are pinned', () => {
  expect(
    Object.fromEntries(named.map(([name, { image, build }]) => [name, image ?? `built from ${build}`])),
  ).toEqual({
    alertmanager: 'prom/alertmanager:v0.34.0',
    demo: 'built from .',
    gateway: 'built from .',
    grafana: 'grafana/grafana:13.2.1',
    loki: 'grafana/loki:3.7.6',
    prometheus: 'prom/prometheus:v3.14.0',
    tempo: 'grafana/tempo:3.0.3',
  });
});

test('only the demo is optional', () => {
  expect(
    named.filter(([, { profiles }]) => profiles).map(([name, { profiles }]) => [name, profiles]),
  ).toEqual([['demo', ['demo']]]);
});

test('ports are on loopback, unless somebody moves Grafana or the gateway elsewhere', () => {
  const ports = named.flatMap(([, { ports: published = [] }]) => published);
  expect(ports.map(withDefaults).toSorted()).toEqual([
    '127.0.0.1:3000:3000',
    '127.0.0.1:3100:3100',
    '127.0.0.1:4318:4318',
    '127.0.0.1:9090:9090',
    '127.0.0.1:9093:9093',
    '127.0.0.1:9465:9465',
  ]);
  expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([
    expect.stringMatching(/^\$\{GATEWAY_BIND_ADDRESS:-127\.0\.0\.1\}:\$\{GATEWAY_PORT/),
    expect.stringMatching(/^\$\{GRAFANA_BIND_ADDRESS:-127\.0\.0\.1\}:\$\{GRAFANA_PORT/),
  ]);
});

describe.each(named)('%s', (name, service) => {
  test('runs as nobody special, in an image that it cannot change, and with no capability', () => {
    const { user, read_only, cap_drop, security_opt, tmpfs } = service;
    const users: Record<string, string> = {
      demo: '1000:1000',
      gateway: '1000:1000',
      grafana: '472:0',
      loki: '10001:10001',
      tempo: '10001:10001',
    };
    expect({ user, read_only, cap_drop, security_opt, tmpfs }).toEqual({
      user: users[name] ?? '65534:65534',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      tmpfs: ['/tmp'],
    });
  });

  test('is watched, started again, and bounded', () => {
    expect(service.healthcheck?.test.length).toBeGreaterThan(1);
    expect(service.restart).toBe('unless-stopped');
    expect(service.mem_limit).toMatch(/^\$\{[A-Z]+_MEMORY:-\d+[mg]\}$/);
    expect(service.logging?.options).toEqual({ 'max-size': '10m', 'max-file': '3' });
  });

  test('reads what is in the repository, and writes to its volume only', () => {
    expect(hostPaths(service).filter(([, , mode]) => mode !== 'ro')).toEqual([]);
    const written = (service.volumes ?? []).filter((mount) => !mount.startsWith('./'));
    const homes: Record<string, string[]> = {
      alertmanager: ['alertmanager-data:/alertmanager'],
      demo: ['demo-data:/data', 'demo-key:/keys'],
      gateway: ['demo-key:/keys:ro', 'gateway-data:/data'],
      grafana: ['grafana-data:/var/lib/grafana'],
      loki: ['loki-data:/loki'],
      prometheus: ['prometheus-data:/prometheus'],
      tempo: ['tempo-data:/var/tempo'],
    };
    expect(written).toEqual(homes[name] ?? []);
  });

  test('sees its own secrets, and those of no other', () => {
    const secrets = hostPaths(service).filter(([source]) => source?.startsWith('./secrets'));
    const without = ['demo', 'loki', 'tempo'];
    expect(secrets).toEqual(without.includes(name) ? [] : [[`./secrets/${name}`, '/run/secrets', 'ro']]);
  });

  test('waits for the health of what has some, but measures without an Alertmanager', () => {
    const waits: Record<string, object> = {
      demo: { gateway: { condition: 'service_healthy' }, prometheus: { condition: 'service_healthy' } },
      grafana: { prometheus: { condition: 'service_healthy' } },
      prometheus: { alertmanager: { condition: 'service_started' } },
    };
    expect(service.depends_on).toEqual(waits[name]);
  });
});

test('what is mounted exists, or is generated', () => {
  const generated = ['./alerts', './dashboards'];
  const sources = new Set(named.flatMap(([, service]) => hostPaths(service).map(([source]) => source ?? '')));
  expect(generated.filter((path) => !sources.has(path))).toEqual([]);
  expect([...sources].filter((path) => !generated.includes(path) && !existsSync(join(root, path)))).toEqual(
    [],
  );
});

test('volumes and networks are used, and only the demo is cut off', () => {
  const used = named.flatMap(([, { volumes: mounts = [] }]) => mounts.map((mount) => mount.split(':')[0]));
  expect(Object.keys(volumes).filter((volume) => !used.includes(volume))).toEqual([]);
  expect(networks).toEqual({ agents: { internal: true }, monitoring: {} });
  const joined = (service?: Service) =>
    Array.isArray(service?.networks) ? service.networks : Object.keys(service?.networks ?? {});
  expect(Object.fromEntries(named.map(([name, service]) => [name, joined(service)]))).toEqual({
    alertmanager: ['monitoring'],
    demo: ['agents'],
    gateway: ['agents', 'monitoring'],
    grafana: ['monitoring'],
    loki: ['agents', 'monitoring'],
    prometheus: ['agents', 'monitoring'],
    tempo: ['agents', 'monitoring'],
  });
});

test('a dollar sign begins a variable with a default, and nothing else', () => {
  const text = read('docker-compose.yml').replaceAll(/^\s*#.*$/gm, '');
  expect(text).toMatch(/\$\{GRAFANA_PORT:-3000\}/);
  expect(withDefaults(text)).not.toContain('$');
});

test('Grafana neither replaces its data sources nor tells anybody of itself', () => {
  expect(services.grafana?.environment).toMatchObject({
    GF_PLUGINS_PREINSTALL_AUTO_UPDATE: 'false',
    GF_PLUGINS_PREINSTALL_DISABLED: 'true',
    GF_ANALYTICS_REPORTING_ENABLED: 'false',
    GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
    GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
    GF_NEWS_NEWS_FEED_ENABLED: 'false',
    GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
  });
});

test('the demo is found under the name that Prometheus asks for', () => {
  const { scrape_configs } = readYaml<{ scrape_configs: { dns_sd_configs?: { names: string[] }[] }[] }>(
    'prometheus/prometheus.yml',
  );
  const names = scrape_configs.flatMap(({ dns_sd_configs = [] }) =>
    dns_sd_configs.flatMap(({ names }) => names),
  );
  expect(services.demo?.networks).toEqual({ agents: { aliases: ['earshot-demo'] } });
  expect(names).toEqual(['earshot-demo.']);
});

test('the gateway lets nobody read without a token', () => {
  expect(services.gateway?.environment).toMatchObject({
    EARSHOT_GATEWAY_DRAW_TOKEN: 'true',
    EARSHOT_GATEWAY_TOKEN_FILE: '/run/secrets/readers-token',
  });
});

test('the demo draws the key of its uploads, which only the gateway sees', () => {
  const { demo, gateway } = services;
  expect(demo?.environment).toMatchObject({
    EARSHOT_SIMULATE_KEY_FILE: '/keys/demo.yml',
    LIVEKIT_OBSERVABILITY_URL: 'http://gateway:9465',
  });
  expect(gateway?.environment?.EARSHOT_GATEWAY_KEYS).toBe('/run/secrets/api-keys.yml,/keys/demo.yml');
  const mounting = named.filter(([, { volumes: mounts = [] }]) => mounts.join().includes('demo-key'));
  expect(mounting.map(([name]) => name)).toEqual(['demo', 'gateway']);
  expect(named.filter(([, { environment = {} }]) => 'LIVEKIT_API_SECRET' in environment)).toEqual([]);
});

test('traces and logs of the demo and of what agents upload go to Tempo and Loki', () => {
  const { demo, gateway } = services;
  expect(demo?.environment).toMatchObject({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://tempo:4318/v1/traces',
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://loki:3100/otlp/v1/logs',
    EARSHOT_RECORD: 'traces,logs,transcript',
    EARSHOT_SIMULATE_DATA: '/data',
  });
  const { EARSHOT_GATEWAY_TEMPO: tempo = '', EARSHOT_GATEWAY_LOKI: loki = '' } = gateway?.environment ?? {};
  expect([tempo, loki].map(withDefaults)).toEqual(['http://tempo:4318', 'http://loki:3100']);
});

test('a session of the gateway leads to its trace, at the address where people reach Grafana', () => {
  const { EARSHOT_GATEWAY_GRAFANA: link = '' } = services.gateway?.environment ?? {};
  expect(link).toBe(services.grafana?.environment?.GF_SERVER_ROOT_URL);
  expect(withDefaults(link)).toBe('http://localhost:3000');
});
