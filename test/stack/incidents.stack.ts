import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Alerting, type Labels, startAlerting } from './alerting.ts';
import { emptyReason } from './empty-panels.ts';
import { panelQueries, rangeOf } from './panels.ts';
import { eventually, freePort, installed } from './programs.ts';
import { prometheusApi } from './prometheus-api.ts';
import { read, root } from './repository.ts';
import { type RunningServer, startPrometheus } from './servers.mjs';

/**
 * The configuration of the bundle in a real Prometheus and a real Alertmanager, with the simulated call centre as target:
 * it is healthy, has incidents and recovers. Rules keep their durations, so this takes 18 minutes.
 */
const minute = 60_000;
const startedAt = Date.now();

let simulation: ChildProcess;
let control: string;
let alerting: Alerting;
let prometheus: RunningServer;
let api: ReturnType<typeof prometheusApi>;

beforeAll(async () => {
  const [alertmanager] = installed('prometheus-alertmanager', 'alertmanager');
  if (!alertmanager) throw new Error('Alertmanager is missing: apt-get install prometheus-alertmanager');
  // Rules keep their durations. The group interval of five minutes before a resolved message is not tested here.
  alerting = await startAlerting(alertmanager, { groupInterval: '15s' });
  const [port, controlPort] = [await freePort(), await freePort()];
  control = `http://127.0.0.1:${controlPort}`;
  const options = {
    port,
    'control-port': controlPort,
    // Enough turns for the minimum samples of the alerts, on two cores.
    speed: 2.5,
    rate: 14,
    concurrency: 10,
    duration: 4000,
  };
  simulation = spawn(
    process.execPath,
    [
      join(root, 'dist/cli.js'),
      'simulate',
      '--quiet',
      // Recording takes CPU time, and no metric depends on it.
      '--no-gateway',
      ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const own = await freePort();
  const targets = { agent: `127.0.0.1:${port}`, prometheus: `127.0.0.1:${own}` };
  prometheus = await startPrometheus({
    config: bundleConfiguration(targets, new URL(alerting.url).host),
    port: own,
  });
  api = prometheusApi(prometheus.url);
  await eventually(
    async () => (await value('sum(lk_agents_sessions_active)')) || undefined,
    'a call',
    2 * minute,
  );
});
afterAll(async () => {
  if (simulation?.exitCode === null) {
    simulation.kill('SIGINT');
    await once(simulation, 'exit');
  }
  await prometheus?.stop();
  await alerting?.stop();
});

/** The repository's configuration of Prometheus, with the addresses of this test. */
function bundleConfiguration(targets: { agent: string; prometheus: string }, alertmanager: string) {
  const config = parse(read('prometheus/prometheus.yml'));
  return {
    ...config,
    rule_files: [join(root, 'prometheus/rules/*.yml'), join(root, 'alerts/*.yml')],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: [
      { job_name: 'livekit-agents', static_configs: [{ targets: [targets.agent] }] },
      { job_name: 'prometheus', static_configs: [{ targets: [targets.prometheus] }] },
    ],
  };
}

const now = () => Math.floor(Date.now() / 1000);
const value = async (query: string): Promise<number | undefined> =>
  (await api.at(query, now()))[0]?.values[0]?.[1];

const incident = async (name: string, on: boolean) => {
  const response = await fetch(`${control}/incidents/${name}?on=${on}`, { method: 'POST' });
  expect(response.ok).toBe(true);
};

/** The alerts of Prometheus in a state, as `NAME agent provider tool`. */
async function alertsIn(state: 'pending' | 'firing'): Promise<string[]> {
  const series = await api.at(`ALERTS{alertstate="${state}"}`, now());
  return series.map(({ metric }) => named(metric as Labels)).sort();
}
const named = ({ alertname, severity, agent_name, model_provider, tool }: Labels): string =>
  [alertname, severity, agent_name ?? model_provider, tool].filter(Boolean).join(' ');

/** Waits until alerts are in a state. The timeout error lists the alerts that were seen. */
const waitForAlerts = (state: 'pending' | 'firing', wanted: readonly string[], timeout: number) => {
  let seen: string[] = [];
  return eventually(
    async () => {
      seen = await alertsIn(state);
      return wanted.every((name) => seen.includes(name)) || undefined;
    },
    `${wanted.join(', ')} to be ${state}`,
    timeout,
  ).catch((error: Error) => {
    throw new Error(`${error.message}; there were: ${seen.join(', ') || 'none'}`);
  });
};

/** Alerts that must fire, and resolve after the incidents. The ticket about the provider has a longer window and resolves later. */
const pages = ['LiveKitAgentProviderErrors critical openai', 'LiveKitAgentJobsCrashing critical support'];
const ticket = 'LiveKitAgentProviderErrors warning openai';

test('a healthy call centre fires no page', async () => {
  // Until the windows of five minutes are full.
  const full = 'min(count_over_time(lk_agents_sessions_active[5m])) >= 18';
  await eventually(async () => await value(full), full, 15 * minute);
  const fired = await api.at('last_over_time(ALERTS{alertstate="firing", severity="critical"}[15m])', now());
  expect(fired.map(({ metric }) => named(metric as Labels))).toEqual([]);
});

test('an outage and a crash loop are pending, then firing', async () => {
  await incident('provider-down', true);
  await incident('crash-loop', true);
  await waitForAlerts('pending', pages.slice(0, 1), 8 * minute);
  await waitForAlerts('firing', [...pages, ticket], 15 * minute);
});

test('the page arrives with values, cause and links; the ticket for the same cause is inhibited', async () => {
  const page = await eventually(
    async () =>
      alerting.messages.find(
        ({ receiver, via, body }) =>
          receiver === 'page' &&
          via === 'webhook' &&
          body.alerts?.some(({ labels }) => labels.alertname === 'LiveKitAgentProviderErrors'),
      ),
    'a page about the provider',
    5 * minute,
  );
  const [alert] = page.body.alerts as { labels: Labels; annotations: Record<string, string> }[];
  expect(alert?.labels).toMatchObject({ component: 'llm', model_provider: 'openai', severity: 'critical' });
  expect(alert?.annotations.summary).toMatch(/openai.* \d+(\.\d+)?%/);
  expect(alert?.annotations.runbook_url).toMatch(/^http:\/\/localhost:3000\/d\/talkgauge-runbooks/);
  expect(alert?.annotations.dashboard_url).toMatch(/^http:\/\/localhost:3000\/d\/talkgauge-/);
  const inhibited = (await alerting.inhibitions())
    .filter(([, by]) => by.length > 0)
    .map(([labels, by]) => `${named(labels)} by ${by}`);
  expect(inhibited).toContain('LiveKitAgentProviderErrors warning openai by LiveKitAgentProviderErrors');
  const tickets = alerting.messages.filter(
    ({ receiver, body }) =>
      receiver === 'ticket' &&
      body.alerts?.some(({ labels }) => labels.alertname === 'LiveKitAgentProviderErrors'),
  );
  expect(tickets).toEqual([]);
});

test('every panel and rule can be queried, and only expected queries are empty', async () => {
  const range = rangeOf(Math.floor(startedAt / 1000), now());
  const empty: string[] = [];
  for (const { board, panel, ref, expr, instant, exemplars } of panelQueries(range)) {
    const series = instant ? await api.at(expr, range.end) : await api.over(expr, range);
    if (series.length === 0 && !exemplars && !emptyReason(board, panel, ref))
      empty.push(`${board}: ${panel} (${ref})`);
  }
  expect(empty).toEqual([]);
  const response = await fetch(`${prometheus.url}/api/v1/rules`);
  const { data } = (await response.json()) as {
    data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
  };
  const rules = data.groups.flatMap((group) => group.rules);
  expect(rules.filter(({ health, lastError }) => health === 'err' || lastError)).toEqual([]);
  expect(rules.length).toBeGreaterThan(200);
});

test('after the incidents, the alerts resolve and send a message', async () => {
  await incident('provider-down', false);
  await incident('crash-loop', false);
  await eventually(
    async () => {
      const firing = await alertsIn('firing');
      return pages.some((name) => firing.includes(name)) ? undefined : true;
    },
    'the pages to resolve',
    20 * minute,
  );
  await eventually(
    async () =>
      alerting.messages.find(({ receiver, body }) => {
        const message = body as { status?: string; alerts?: { labels: Labels }[] };
        return (
          receiver === 'page' &&
          message.status === 'resolved' &&
          message.alerts?.some(({ labels }) => labels.alertname === 'LiveKitAgentProviderErrors')
        );
      }),
    'the resolved message',
    8 * minute,
  );
});
