import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  eventually,
  freePort,
  installed,
  isMissing,
  type RunningServer,
  run,
  startServer,
} from './programs.ts';
import { type Compose, readYaml, root, withDefaults, withExamplesEnabled } from './repository.ts';

const promtools = installed('promtool', 'promtool3');
const withPromtool = test.skipIf(isMissing(...promtools));
const servers = installed('prometheus', 'prometheus3');

/** A copy of the folder that tests can change. */
function copyConfiguration(): { home: string; config: string } {
  const home = mkdtempSync(join(tmpdir(), 'prometheus-'));
  cpSync(join(root, 'prometheus'), join(home, 'prometheus'), { recursive: true });
  return { home, config: join(home, 'prometheus/prometheus.yml') };
}

const rewrite = (path: string, change: (text: string) => string) =>
  writeFileSync(path, change(readFileSync(path, 'utf8')));

withPromtool.each(promtools)('%s accepts the configuration as it is', (promtool) => {
  expect(run(promtool, 'check', 'config', join(root, 'prometheus/prometheus.yml'))).toContain('SUCCESS');
});

withPromtool.each(promtools)(
  '%s accepts the configuration with all examples enabled, and finds rules in both folders',
  (promtool) => {
    const { home, config } = copyConfiguration();
    try {
      const rule = (name: string) =>
        `groups: [{name: ${name}, rules: [{record: 'a:${name}', expr: 'vector(1)'}]}]`;
      mkdirSync(join(home, 'prometheus/rules'), { recursive: true });
      mkdirSync(join(home, 'alerts'));
      writeFileSync(join(home, 'prometheus/rules/probe-recorded.yml'), rule('recorded'));
      writeFileSync(join(home, 'alerts/probe-alerts.yml'), rule('alerting'));
      for (const example of ['host.yml', 'livekit-server/server.yml']) {
        cpSync(
          join(home, `prometheus/targets/${example}.example`),
          join(home, `prometheus/targets/${example}`),
        );
      }
      writeFileSync(join(home, 'agents-token'), 'a token');
      rewrite(config, (text) => withExamplesEnabled(text).replace('/run/secrets', home));
      const said = run(promtool, 'check', 'config', config);
      expect(said).not.toMatch(/WARNING|FAILED/);
      expect(said).toContain('probe-recorded.yml');
      expect(said).toContain('probe-alerts.yml');
    } finally {
      rmSync(home, { recursive: true });
    }
  },
);

describe.skipIf(isMissing(...servers)).each(servers)(
  '%s, with the flags of docker-compose.yml',
  (command) => {
    let home: string;
    let server: RunningServer;
    let flags: string[];
    /** The Authorization headers received by an agent's /metrics. */
    const presented: (string | undefined)[] = [];
    const agent = createServer((request, response) => {
      presented.push(request.headers.authorization);
      response.setHeader('content-type', 'text/plain; version=0.0.4').end('lk_agents_sessions_active 3\n');
    });

    const up = async (job: string) => {
      const answer = await fetch(
        `${server.url}/api/v1/query?query=${encodeURIComponent(`up{job="${job}"}`)}`,
      );
      const { data } = (await answer.json()) as {
        data: { result: { metric: { instance: string }; value: [number, string] }[] };
      };
      return data.result.map(({ metric, value }) => [metric.instance, value[1]]);
    };

    beforeAll(async () => {
      await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
      const copy = copyConfiguration();
      home = copy.home;
      mkdirSync(join(home, 'data'));
      writeFileSync(join(home, 'agents-token'), 'a-token-of-agents\n');
      rewrite(copy.config, (text) =>
        withExamplesEnabled(text)
          .replace('/run/secrets', home)
          .replace('scrape_interval: 15s', 'scrape_interval: 1s')
          .replace('scrape_timeout: 10s', 'scrape_timeout: 1s'),
      );
      const known = run(command, '--help');
      flags = (readYaml<Compose>('docker-compose.yml').services.prometheus?.command ?? []).map((flag) =>
        withDefaults(flag)
          .replace('/etc/prometheus/', join(home, 'prometheus/'))
          .replace('=/prometheus', `=${join(home, 'data')}`),
      );
      const port = await freePort();
      // The Prometheus of the distribution does not have some flags.
      const understood = flags.filter((flag) => known.includes(flag.split('=')[0] ?? flag));
      server = await startServer(command, [...understood, `--web.listen-address=127.0.0.1:${port}`], port);
      flags = flags.filter((flag) => !understood.includes(flag));
    });
    afterAll(async () => {
      await server?.stop();
      agent.close();
      if (home) rmSync(home, { recursive: true });
    });

    test('it starts, and logs only warnings about unreachable servers', () => {
      const newest = command === 'prometheus3';
      expect(flags).toEqual(newest ? [] : ['--config.auto-reload']);
      const warnings = server
        .log()
        .split('\n')
        .filter((line) => /level=(warn|error)/i.test(line));
      // The version of the distribution does not support creation timestamps either.
      const expected =
        /created-timestamp-zero-ingestion|alertmanager|[Dd][Nn][Ss]|resolv|deprecated|GOMAXPROCS|memory limit/;
      expect(warnings.filter((line) => !expected.test(line))).toEqual([]);
    });

    test('exemplars are stored, metrics are kept for 30 days or 10 GB, and reloading over HTTP is disabled', async () => {
      const answer = await fetch(`${server.url}/api/v1/status/flags`);
      const { data } = (await answer.json()) as { data: Record<string, string> };
      expect(data).toMatchObject({
        'enable-feature': 'exemplar-storage,created-timestamp-zero-ingestion',
        'storage.tsdb.retention.time': '30d',
        'storage.tsdb.retention.size': '10GiB',
        'web.enable-lifecycle': 'false',
        'web.enable-admin-api': 'false',
      });
    });

    test('without a demo and agents, no target is down', async () => {
      const pools = await eventually(async () => {
        const response = await fetch(`${server.url}/api/v1/targets`);
        const { data } = (await response.json()) as { data: { activeTargets: { scrapePool: string }[] } };
        return data.activeTargets.length > 0
          ? data.activeTargets.map(({ scrapePool }) => scrapePool)
          : undefined;
      }, 'targets');
      expect(pools.toSorted()).toEqual([
        'alertmanager',
        'grafana',
        'loki',
        'prometheus',
        'talkgauge-gateway',
        'tempo',
      ]);
    });

    test('an agent on the host is scraped after one configuration step, with its token and without a restart', async () => {
      const { port } = agent.address() as AddressInfo;
      const example = readFileSync(join(home, 'prometheus/targets/host.yml.example'), 'utf8');
      writeFileSync(
        join(home, 'prometheus/targets/host.yml'),
        example.replace('host.docker.internal:9464', `127.0.0.1:${port}`),
      );
      const seen = await eventually(async () => {
        const found = await up('livekit-agents');
        return found[0]?.[1] === '1' ? found : undefined;
      }, 'a scrape of the agent');
      expect(seen).toEqual([[`127.0.0.1:${port}`, '1']]);
      expect(presented.at(-1)).toBe('Bearer a-token-of-agents');
    });

    // The promtool of the distribution has no such check.
    if (command === 'prometheus3') {
      test('the health check passes, and fails without a server', () => {
        const ready = (url: string) => run('promtool3', 'check', 'ready', `--url=${url}`);
        expect(() => ready(server.url)).not.toThrow();
        expect(() => ready('http://127.0.0.1:1')).toThrow('refused');
      });
    }
  },
);
