import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DCLinter } from 'dclint';
import { describe, expect, test } from 'vitest';
import { type Compose, read, readYaml, root, type Service, withDefaults } from './repository.ts';

/** Tests of docker-compose.yml without a Docker engine. compose.stack.ts has those with an engine. */
const { services, volumes } = readYaml<Compose>('docker-compose.yml');
const named = Object.entries(services);
const hostPaths = ({ volumes: mounts = [] }: Service) =>
  mounts.filter((mount) => mount.startsWith('./')).map((mount) => mount.split(':'));

test('the linter and the Compose schema report no problems', () => {
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

test('each image is pinned to a full version, or built from this repository', () => {
  const pinned = /^[\w./-]+:v?\d+\.\d+\.\d+$/;
  expect(named.filter(([, { image, build }]) => build !== '.' && !pinned.test(image ?? ''))).toEqual([]);
});

test('ports are on loopback; only servers with a login have a setting for another address', () => {
  const ports = named.flatMap(([name, { ports: published = [] }]) => published.map((port) => [name, port]));
  expect(ports.length).toBeGreaterThan(5);
  expect(ports.filter(([, port = '']) => !withDefaults(port).startsWith('127.0.0.1:'))).toEqual([]);
  const movable = ports.filter(([, port = '']) => !port.startsWith('127.0.0.1:'));
  expect(movable.map(([name]) => name)).toEqual(['gateway', 'grafana']);
});

describe.each(named)('%s', (name, service) => {
  test('runs as non-root, with a read-only image and no capabilities', () => {
    expect(service).toMatchObject({
      user: expect.stringMatching(/^[1-9]\d*:\d+$/),
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  });

  test('is restarted, with bounded memory and logs', () => {
    expect(service.restart).toBe('unless-stopped');
    expect(service.mem_limit).toMatch(/^\$\{[A-Z]+_MEMORY:-\d+[mg]\}$/);
    expect(service.logging?.options).toEqual({ 'max-size': '10m', 'max-file': '3' });
  });

  test('has a health check, in the service or in the image built here', () => {
    expect(service.healthcheck !== undefined).toBe(service.build === undefined);
  });

  test('has only read-only mounts of the repository, and no secrets of other services', () => {
    const paths = hostPaths(service);
    expect(paths.filter(([, , mode]) => mode !== 'ro')).toEqual([]);
    const secrets = paths.flatMap(([source]) => (source?.startsWith('./secrets') ? [source] : []));
    expect(secrets.filter((source) => source !== `./secrets/${name}`)).toEqual([]);
  });
});

test('every mounted file exists or is generated', () => {
  const generated = ['./alerts', './dashboards'];
  const sources = new Set(named.flatMap(([, service]) => hostPaths(service).map(([source]) => source ?? '')));
  expect(generated.filter((path) => !sources.has(path))).toEqual([]);
  expect([...sources].filter((path) => !generated.includes(path) && !existsSync(join(root, path)))).toEqual(
    [],
  );
});

test('every volume is used', () => {
  const used = named.flatMap(([, { volumes: mounts = [] }]) => mounts.map((mount) => mount.split(':')[0]));
  expect(Object.keys(volumes).filter((volume) => !used.includes(volume))).toEqual([]);
});

test('every dollar sign begins a variable with a default', () => {
  const text = read('docker-compose.yml').replaceAll(/^\s*#.*$/gm, '');
  expect(text).toMatch(/\$\{GRAFANA_PORT:-3000\}/);
  expect(withDefaults(text)).not.toContain('$');
});

/** The image cannot be pulled where these tests run, so its known settings are listed here. */
test('Grafana does not replace its data sources at startup and sends no data to other servers', () => {
  expect(services.grafana?.environment).toMatchObject({
    GF_PLUGINS_PREINSTALL_AUTO_UPDATE: 'false',
    GF_PLUGINS_PREINSTALL_DISABLED: 'true',
    GF_ANALYTICS_REPORTING_ENABLED: 'false',
    GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
    GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
    GF_NEWS_NEWS_FEED_ENABLED: 'false',
  });
});

test('Grafana and the gateway, which show conversations, require a login unless it is switched off', () => {
  const { GF_AUTH_ANONYMOUS_ENABLED: anonymous = '' } = services.grafana?.environment ?? {};
  expect(withDefaults(anonymous)).toBe('false');
  expect(services.gateway?.environment).toMatchObject({ TALKGAUGE_GATEWAY_GENERATE_TOKEN: 'true' });
});

test('the gateway has the published address of its port in its environment', () => {
  const { environment, ports = [] } = services.gateway ?? {};
  expect(ports[0]?.startsWith(`${environment?.TALKGAUGE_GATEWAY_PUBLISHED}:`)).toBe(true);
});

test('the demo has the host name that Prometheus scrapes', () => {
  const { scrape_configs } = readYaml<{ scrape_configs: { dns_sd_configs?: { names: string[] }[] }[] }>(
    'prometheus/prometheus.yml',
  );
  const names = scrape_configs.flatMap(({ dns_sd_configs = [] }) =>
    dns_sd_configs.flatMap(({ names }) => names),
  );
  expect(services.demo?.networks).toEqual({ agents: { aliases: ['talkgauge-demo'] } });
  expect(names).toEqual(['talkgauge-demo.']);
});

test('the key file generated by the demo is mounted in the gateway, and nowhere else', () => {
  const { demo, gateway } = services;
  const { TALKGAUGE_SIMULATE_KEY_FILE: file = '' } = demo?.environment ?? {};
  expect(file).not.toBe('');
  expect(gateway?.environment?.TALKGAUGE_GATEWAY_KEYS?.split(',')).toContain(file);
  const mounting = named.filter(([, { volumes: mounts = [] }]) => mounts.join().includes('demo-key'));
  expect(mounting.map(([name]) => name)).toEqual(['demo', 'gateway']);
});

test('one setting gives the gateway a certificate and its key; without it, neither is configured', () => {
  const { TALKGAUGE_GATEWAY_TLS_CERT: cert = '', TALKGAUGE_GATEWAY_TLS_KEY: key = '' } =
    services.gateway?.environment ?? {};
  expect([cert, key]).toEqual([
    expect.stringMatching(/^\$\{GATEWAY_TLS:\+\/run\/secrets\/[\w.]+\}$/),
    expect.stringMatching(/^\$\{GATEWAY_TLS:\+\/run\/secrets\/[\w.]+\}$/),
  ]);
  expect([withDefaults(cert), withDefaults(key)]).toEqual(['', '']);
});

test("a session of the gateway links to its trace at Grafana's public address", () => {
  const { TALKGAUGE_GATEWAY_GRAFANA: link = '' } = services.gateway?.environment ?? {};
  expect(link).toBe(services.grafana?.environment?.GF_SERVER_ROOT_URL);
  expect(withDefaults(link)).toBe('http://localhost:3000');
});
