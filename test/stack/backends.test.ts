import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type BackendName, backendProgram, configured, skipReason, startBackend } from './backends.ts';
import { type Compose, read, readYaml } from './repository.ts';

const { services } = readYaml<Compose>('docker-compose.yml');

/** A configuration with the defaults of its variables. */
const config = (name: BackendName) =>
  parse(read(`grafana/${name}.yml`).replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1'));

test('each writes only to its volume, because its image is read-only', () => {
  for (const name of ['tempo', 'loki'] as const) {
    const [, home] =
      services[name]?.volumes?.find((mount) => mount.startsWith(`${name}-data:`))?.split(':') ?? [];
    const paths = JSON.stringify(config(name)).match(/"\/[^"]*"/g) ?? [];
    expect(paths.length).toBeGreaterThan(2);
    expect(paths.filter((path) => !path.startsWith(`"${home}`))).toEqual([]);
  }
});

test('variables in the configuration are set by Compose, or are only for runs outside of it', () => {
  for (const name of ['tempo', 'loki'] as const) {
    const used = new Set(
      [...read(`grafana/${name}.yml`).matchAll(/\$\{(\w+):-/g)].map(([, variable]) => variable),
    );
    expect([...used].toSorted()).toEqual(['DATA', 'LISTEN_ADDRESS', 'RETENTION']);
    expect(Object.keys(services[name]?.environment ?? {})).toEqual(['RETENTION']);
    expect(services[name]?.command).toContain('-config.expand-env=true');
  }
});

test('Loki has no index labels per call, so that all calls share few streams', () => {
  const { ignore_defaults, attributes_config } = config('loki').limits_config.otlp_config.resource_attributes;
  expect(ignore_defaults).toBe(true);
  expect(attributes_config).toEqual([
    {
      action: 'index_label',
      attributes: ['service.name', 'service.namespace', 'deployment.environment.name'],
    },
  ]);
});

/** Expected warnings while components start, and about Tempo's disabled metrics generator. */
const atStart = /single binary mode|metrics-generator is not configured|unowned file entry|empty ring/;

describe.each(['tempo', 'loki'] as const)('the real %s', (name) => {
  const program = backendProgram(name);
  const real = test.skipIf(!program);
  const why = program ? '' : ` ${skipReason(name)}`;

  real(`finds nothing wrong with its configuration${why}`, async () => {
    if (!program) return;
    const backend = await configured(name, program);
    try {
      const verify = name === 'tempo' ? '-config.verify=true' : '-verify-config';
      const said = execFileSync(
        program.command,
        [...program.before(backend.folder), ...backend.args, verify],
        {
          encoding: 'utf8',
          stdio: 'pipe',
          env: { ...process.env, ...backend.env },
        },
      );
      expect(said).not.toMatch(/level=(warn|error)/);
    } finally {
      backend.remove();
    }
  });

  real(`starts with it, and complains of nothing${why}`, async () => {
    if (!program) return;
    const server = await startBackend(await configured(name, program));
    try {
      expect(
        server
          .log()
          .split('\n')
          .filter((line) => /level=(warn|error)/.test(line) && !atStart.test(line)),
      ).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});
