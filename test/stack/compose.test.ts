import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DCLinter } from 'dclint';
import { describe, expect, test } from 'vitest';
import { type Compose, read, readYaml, root, type Service, withDefaults } from './repository.ts';

/** What can be told of docker-compose.yml without a Docker engine. What needs one: compose.stack.ts. */
const { services, volumes } = readYaml<Compose>('docker-compose.yml');
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

test('each image is pinned to a full version, or built from this repository', () => {
  const pinned = /^[\w./-]+:v?\d+\.\d+\.\d+$/;
  expect(named.filter(([, { image, build }]) => build !== '.' && !pinned.test(image ?? ''))).toEqual([]);
});

test('ports are on loopback; a setting can move those of servers that ask for a login, and no others', () => {
  const ports = named.flatMap(([name, { ports: published = [] }]) => published.map((port) => [name, port]));
  expect(ports.length).toBeGreaterThan(5);
  expect(ports.filter(([, port = '']) => !withDefaults(port).startsWith('127.0.0.1:'))).toEqual([]);
  const movable = ports.filter(([, port = '']) => !port.startsWith('127.0.0.1:'));
  expect(movable.map(([name]) => name)).toEqual(['gateway', 'grafana']);
});

describe.each(named)('%s', (name, service) => {
  test('runs as a user other than root, in an image that it cannot change, with no capability', () => {
    expect(service).toMatchObject({
      user: expect.stringMatching(/^[1-9]\d*:\d+$/),
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  });

  test('is started again, and takes a bounded amount of memory and logs', () => {
    expect(service.restart).toBe('unless-stopped');
    expect(service.mem_limit).toMatch(/^\$\{[A-Z]+_MEMORY:-\d+[mg]\}$/);
    expect(service.logging?.options).toEqual({ 'max-size': '10m', 'max-file': '3' });
  });

  test('has a health check: its own, or that of the image that is built here', () => {
    expect(service.healthcheck !== undefined).toBe(service.build === undefined);
  });

  test('writes to none of the folders of the repository, and sees the secrets of no other service', () => {
    const paths = hostPaths(service);
    expect(paths.filter(([, , mode]) => mode !== 'ro')).toEqual([]);
    const secrets = paths.flatMap(([source]) => (source?.startsWith('./secrets') ? [source] : []));
    expect(secrets.filter((source) => source !== `./secrets/${name}`)).toEqual([]);
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

test('every volume is used', () => {
  const used = named.flatMap(([, { volumes: mounts = [] }]) => mounts.map((mount) => mount.split(':')[0]));
  expect(Object.keys(volumes).filter((volume) => !used.includes(volume))).toEqual([]);
});

test('a dollar sign begins a variable with a default, and nothing else', () => {
  const text = read('docker-compose.yml').replaceAll(/^\s*#.*$/gm, '');
  expect(text).toMatch(/\$\{GRAFANA_PORT:-3000\}/);
  expect(withDefaults(text)).not.toContain('$');
});

/** The image of this version cannot be pulled where these tests run: what is known of it is kept here. */
test('Grafana neither replaces its data sources at the start nor calls anybody', () => {
  expect(services.grafana?.environment).toMatchObject({
    GF_PLUGINS_PREINSTALL_AUTO_UPDATE: 'false',
    GF_PLUGINS_PREINSTALL_DISABLED: 'true',
    GF_ANALYTICS_REPORTING_ENABLED: 'false',
    GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
    GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
    GF_NEWS_NEWS_FEED_ENABLED: 'false',
  });
});

test('Grafana and the gateway, which show what was said, want a login unless a setting says otherwise', () => {
  const { GF_AUTH_ANONYMOUS_ENABLED: anonymous = '' } = services.grafana?.environment ?? {};
  expect(withDefaults(anonymous)).toBe('false');
  expect(services.gateway?.environment).toMatchObject({ TALKGAUGE_GATEWAY_GENERATE_TOKEN: 'true' });
});

test('the gateway knows on which address of the machine its port is published', () => {
  const { environment, ports = [] } = services.gateway ?? {};
  expect(ports[0]?.startsWith(`${environment?.TALKGAUGE_GATEWAY_PUBLISHED}:`)).toBe(true);
});

test('the demo is found under the name that Prometheus asks for', () => {
  const { scrape_configs } = readYaml<{ scrape_configs: { dns_sd_configs?: { names: string[] }[] }[] }>(
    'prometheus/prometheus.yml',
  );
  const names = scrape_configs.flatMap(({ dns_sd_configs = [] }) =>
    dns_sd_configs.flatMap(({ names }) => names),
  );
  expect(services.demo?.networks).toEqual({ agents: { aliases: ['talkgauge-demo'] } });
  expect(names).toEqual(['talkgauge-demo.']);
});

test('the key that the demo draws is where the gateway reads it, and nobody else sees it', () => {
  const { demo, gateway } = services;
  const { TALKGAUGE_SIMULATE_KEY_FILE: file = '' } = demo?.environment ?? {};
  expect(file).not.toBe('');
  expect(gateway?.environment?.TALKGAUGE_GATEWAY_KEYS?.split(',')).toContain(file);
  const mounting = named.filter(([, { volumes: mounts = [] }]) => mounts.join().includes('demo-key'));
  expect(mounting.map(([name]) => name)).toEqual(['demo', 'gateway']);
});

test('one setting gives the gateway a certificate and its key; without it, there is neither', () => {
  const { TALKGAUGE_GATEWAY_TLS_CERT: cert = '', TALKGAUGE_GATEWAY_TLS_KEY: key = '' } =
    services.gateway?.environment ?? {};
  expect([cert, key]).toEqual([
    expect.stringMatching(/^\$\{GATEWAY_TLS:\+\/run\/secrets\/[\w.]+\}$/),
    expect.stringMatching(/^\$\{GATEWAY_TLS:\+\/run\/secrets\/[\w.]+\}$/),
  ]);
  expect([withDefaults(cert), withDefaults(key)]).toEqual(['', '']);
});

test('a session of the gateway leads to its trace, at the address where people reach Grafana', () => {
  const { TALKGAUGE_GATEWAY_GRAFANA: link = '' } = services.gateway?.environment ?? {};
  expect(link).toBe(services.grafana?.environment?.GF_SERVER_ROOT_URL);
  expect(withDefaults(link)).toBe('http://localhost:3000');
});
