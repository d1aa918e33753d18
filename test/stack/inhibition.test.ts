import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { alertmanagerConfig } from '../../src/monitoring/alertmanager.ts';
import { settingsOf } from '../../src/monitoring/settings.ts';
import { type Alerting, type Labels, startAlerting } from './alerting.ts';
import { eventually, installed, isMissing, run } from './programs.ts';

const burn = (agent: string, more = {}): Labels => ({
  alertname: 'LiveKitAgentTurnLatencyBudgetBurn',
  severity: 'critical',
  category: 'latency',
  agent_name: agent,
  objective: 'tail',
  window: '1h',
  ...more,
});
const warning = (alertname: string, labels: Record<string, string>): Labels => ({
  alertname: `LiveKitAgent${alertname}`,
  severity: 'warning',
  ...labels,
});
const openai = { component: 'llm', model_provider: 'openai' };
const deepgram = { component: 'stt', model_provider: 'deepgram' };

const alertmanagers = installed('prometheus-alertmanager', 'alertmanager3');
describe.skipIf(isMissing(...alertmanagers)).each(alertmanagers)('%s', (command) => {
  let alerting: Alerting;
  beforeEach(async () => {
    alerting = await startAlerting(command, { groupWait: '1s' });
  });
  afterEach(() => alerting.stop());

  /** Alerts that fire together, and which of them (by position) is inhibited by which. */
  const cases: [name: string, alerts: Labels[], inhibited: Record<number, string>][] = [
    [
      'a page inhibits tickets of the same alert and agent, whatever their window and objective',
      [
        burn('front-desk'),
        burn('front-desk', { severity: 'warning', objective: 'target', window: '3d' }),
        burn('support', { severity: 'warning', window: '3d' }),
      ],
      { 1: 'LiveKitAgentTurnLatencyBudgetBurn' },
    ],
    [
      'a page for one provider leaves the ticket for another, though neither has an agent_name',
      [
        { ...warning('ProviderErrors', { ...openai, category: 'failure' }), severity: 'critical' },
        warning('ProviderErrors', { ...deepgram, category: 'failure' }),
        warning('ProviderErrors', { ...openai, category: 'failure' }),
      ],
      { 2: 'LiveKitAgentProviderErrors' },
    ],
    [
      'a page for one worker leaves the ticket for another',
      [
        { alertname: 'LiveKitWorkerSaturated', severity: 'critical', instance: 'a:9464' },
        { alertname: 'LiveKitWorkerSaturated', severity: 'warning', instance: 'b:9464' },
      ],
      {},
    ],
    [
      'a provider outage inhibits latency alerts of its component, and of no other',
      [
        warning('ProviderErrors', openai),
        warning('ModelLatencyRegression', { ...openai, model_name: 'gpt-4.1' }),
        warning('ModelLatencyRegression', {
          component: 'tts',
          model_provider: 'openai',
          model_name: 'tts-1',
        }),
        warning('ModelLatencyRegression', { ...deepgram, model_name: 'nova-3' }),
      ],
      { 1: 'LiveKitAgentProviderErrors' },
    ],
    [
      'an outage without a provider inhibits nothing',
      [warning('ProviderErrors', {}), warning('ModelLatencyRegression', {})],
      {},
    ],
    [
      'a bad network inhibits nothing, because no label links calls to a node',
      [
        {
          alertname: 'LiveKitNetworkDegraded',
          severity: 'warning',
          category: 'network',
          instance: 'lk1:6789',
          direction: 'incoming',
          measure: 'loss',
        },
        burn('front-desk'),
        warning('ModelLatencyRegression', { ...openai, category: 'latency' }),
        warning('ToolSlow', { agent_name: 'front-desk', tool: 'book', category: 'latency' }),
        warning('TurnLatencyRegression', { agent_name: 'support', category: 'latency' }),
        warning('FirstResponseSlow', { agent_name: 'support', category: 'latency' }),
      ],
      {},
    ],
    [
      'an agent with all workers saturated inhibits tickets about its workers and its missing calls, and of no other agent',
      [
        { alertname: 'LiveKitWorkerSaturated', severity: 'critical', agent_name: 'front-desk' },
        {
          alertname: 'LiveKitWorkerSaturated',
          severity: 'warning',
          scope: 'worker',
          agent_name: 'front-desk',
          instance: 'a:9464',
        },
        { ...warning('CallsStopped', { agent_name: 'front-desk' }), severity: 'critical' },
        {
          alertname: 'LiveKitWorkerSaturated',
          severity: 'warning',
          scope: 'worker',
          agent_name: 'support',
          instance: 'b:9464',
        },
        { ...warning('CallsStopped', { agent_name: 'support' }), severity: 'critical' },
      ],
      { 1: 'LiveKitWorkerSaturated', 2: 'LiveKitWorkerSaturated' },
    ],
    [
      'a budget burn inhibits regressions of its agent, but not the alert about a slow version',
      [
        burn('front-desk'),
        warning('TurnLatencyRegression', { agent_name: 'front-desk' }),
        warning('TurnLatencyAboveLastWeek', { agent_name: 'front-desk' }),
        warning('NewVersionSlower', { agent_name: 'front-desk', agent_version: '2.5.0' }),
        warning('TurnLatencyRegression', { agent_name: 'support' }),
      ],
      { 1: 'LiveKitAgentTurnLatencyBudgetBurn', 2: 'LiveKitAgentTurnLatencyBudgetBurn' },
    ],
    [
      'a worker that is down inhibits alerts about itself, and not about other workers',
      [
        { alertname: 'TalkgaugeWorkerDown', severity: 'critical', instance: 'a:9464' },
        { alertname: 'LiveKitWorkerSaturated', severity: 'warning', instance: 'a:9464' },
        { alertname: 'LiveKitWorkerEventLoopBlocked', severity: 'warning', instance: 'b:9464' },
        burn('front-desk'),
      ],
      { 1: 'TalkgaugeWorkerDown' },
    ],
    [
      'with one instance name in two jobs, a target that is down inhibits alerts of its own job only',
      [
        { alertname: 'TalkgaugeWorkerDown', severity: 'warning', job: 'agents', instance: 'host-1' },
        { alertname: 'LiveKitWorkerSaturated', severity: 'warning', job: 'agents', instance: 'host-1' },
        {
          alertname: 'LiveKitWorkerSaturated',
          severity: 'warning',
          job: 'python-agents',
          instance: 'host-1',
        },
        { alertname: 'TalkgaugeGatewayDown', severity: 'warning', job: 'gateway', instance: 'host-1' },
        { alertname: 'TalkgaugeGatewayRefusing', severity: 'warning', job: 'gateway-2', instance: 'host-1' },
        { alertname: 'OfYourOwn', severity: 'critical', job: 'agents', instance: 'host-1' },
        { alertname: 'OfYourOwn', severity: 'warning', job: 'python-agents', instance: 'host-1' },
      ],
      { 1: 'TalkgaugeWorkerDown' },
    ],
    [
      'a gateway that is down inhibits alerts from its last metrics, and not those of other gateways or workers',
      [
        { alertname: 'TalkgaugeGatewayDown', severity: 'warning', instance: 'a:9465' },
        {
          alertname: 'TalkgaugeGatewayRefusing',
          severity: 'warning',
          instance: 'a:9465',
          reason: 'disk_full',
        },
        { alertname: 'TalkgaugeGatewayNotForwarding', severity: 'warning', instance: 'a:9465' },
        { alertname: 'TalkgaugeGatewayNotForwarding', severity: 'warning', instance: 'b:9465' },
        { alertname: 'TalkgaugeWorkerDown', severity: 'warning', instance: 'a:9465' },
      ],
      { 1: 'TalkgaugeGatewayDown', 2: 'TalkgaugeGatewayDown' },
    ],
    [
      'absent metrics of an agent inhibit alerts from these metrics, and not those about other agents, workers that are down and the network',
      [
        { alertname: 'TalkgaugeMetricsAbsent', severity: 'critical', agent_name: 'front-desk' },
        warning('ToolFailing', { agent_name: 'front-desk', tool: 'book' }),
        {
          alertname: 'LiveKitWorkerSaturated',
          severity: 'warning',
          agent_name: 'front-desk',
          instance: 'a:9464',
        },
        { alertname: 'TalkgaugeSamplesDropped', severity: 'warning', agent_name: 'front-desk' },
        warning('ToolFailing', { agent_name: 'support', tool: 'book' }),
        { alertname: 'TalkgaugeWorkerDown', severity: 'critical', instance: 'b:9464' },
        { alertname: 'LiveKitNetworkDegraded', severity: 'warning' },
      ],
      { 1: 'TalkgaugeMetricsAbsent', 2: 'TalkgaugeMetricsAbsent', 3: 'TalkgaugeMetricsAbsent' },
    ],
    [
      'crashing jobs do not inhibit the page for failed sessions',
      [
        warning('JobsCrashing', { agent_name: 'front-desk' }),
        { ...warning('SessionFailureBudgetBurn', { agent_name: 'front-desk' }), severity: 'critical' },
      ],
      {},
    ],
  ];

  test.each(cases)('%s', (_, alerts, inhibited) => inhibits(alerting, alerts, inhibited));

  /** Fires alerts, and expects some, by position, to be inhibited by others. */
  async function inhibits(alerting: Alerting, alerts: Labels[], inhibited: Record<number, string>) {
    await alerting.fire(...alerts.map((labels) => ({ labels })));
    await alerting.inhibitorIsUpToDate();
    const found = await alerting.inhibitions();
    const by = (labels: Labels) =>
      found.find(
        ([those]) =>
          JSON.stringify(Object.entries(those).sort()) === JSON.stringify(Object.entries(labels).sort()),
      )?.[1];
    expect(alerts.map((labels) => [...new Set(by(labels))])).toEqual(
      alerts.map((__, index) => (inhibited[index] ? [inhibited[index]] : [])),
    );
  }

  describe('generated with the label region', () => {
    let regional: Alerting;
    beforeEach(async () => {
      const configuration = alertmanagerConfig(settingsOf('standard', { labels: ['region'] }));
      regional = await startAlerting(command, { configuration, groupWait: '1s' });
    });
    afterEach(() => regional.stop());

    const inEach = (labels: Labels): Labels[] => [
      { ...labels, region: 'eu' },
      { ...labels, region: 'us' },
    ];
    /** What explains others, and one of them, which is inhibited in the same region. */
    const pairs: [source: Labels, target: Labels][] = [
      [burn('front-desk'), burn('front-desk', { severity: 'warning', window: '3d' })],
      [
        warning('ProviderErrors', openai),
        warning('ModelLatencyRegression', { ...openai, model_name: 'gpt-4.1' }),
      ],
      [burn('front-desk'), warning('TurnLatencyRegression', { agent_name: 'front-desk' })],
      [
        { alertname: 'TalkgaugeWorkerDown', severity: 'warning', job: 'agents', instance: 'host-1' },
        { alertname: 'LiveKitWorkerSaturated', severity: 'warning', job: 'agents', instance: 'host-1' },
      ],
      [
        { alertname: 'TalkgaugeGatewayDown', severity: 'warning', job: 'gateway', instance: 'host-1' },
        { alertname: 'TalkgaugeGatewayRefusing', severity: 'warning', job: 'gateway', instance: 'host-1' },
      ],
      [
        { alertname: 'TalkgaugeMetricsAbsent', severity: 'critical', agent_name: 'front-desk' },
        warning('ToolFailing', { agent_name: 'front-desk', tool: 'book' }),
      ],
      [
        { alertname: 'LiveKitWorkerSaturated', severity: 'critical', agent_name: 'front-desk' },
        { ...warning('CallsStopped', { agent_name: 'front-desk' }), severity: 'critical' },
      ],
      [
        { alertname: 'LiveKitWorkerSaturated', severity: 'critical', agent_name: 'front-desk' },
        { alertname: 'LiveKitWorkerSaturated', severity: 'warning', agent_name: 'front-desk', instance: 'a' },
      ],
    ];
    test.each(pairs.map(([source, target]) => ({ source, target })))(
      '$source.alertname in one region inhibits $target.alertname in that region alone',
      ({ source, target }) =>
        inhibits(regional, [{ ...source, region: 'eu' }, ...inEach(target)], { 1: source.alertname }),
    );

    test('each region has a message of its own', async () => {
      await regional.fire(...inEach(burn('front-desk')).map((labels) => ({ labels })));
      const messages = await eventually(async () => {
        const pages = regional.messages.filter(
          ({ via, receiver }) => via === 'webhook' && receiver === 'page',
        );
        return pages.length >= 2 ? pages : undefined;
      }, 'two messages');
      const regions = messages.map(({ body: { alerts = [] } }) => alerts.map(({ labels }) => labels.region));
      expect(regions.toSorted()).toEqual([['eu'], ['us']]);
    });
  });

  test('pages and tickets reach their receivers with one message per alert and agent, and quiet alerts reach none', async () => {
    await alerting.fire(
      { labels: burn('front-desk') },
      { labels: burn('front-desk', { window: '6h' }) },
      { labels: burn('support') },
      { labels: warning('TurnLatencyRegression', { agent_name: 'front-desk' }) },
      { labels: warning('ToolFailing', { agent_name: 'front-desk', tool: 'book' }) },
      { labels: { ...warning('UsageUnpriced', openai), severity: 'info' } },
      { labels: { alertname: 'TalkgaugeWatchdog', severity: 'none', category: 'telemetry' } },
    );
    const sent = await eventually(async () => {
      const messages = alerting.messages.filter(
        ({ via, receiver }) => via === 'webhook' && receiver !== 'watchdog',
      );
      const watched = alerting.messages.filter(({ receiver }) => receiver === 'watchdog');
      return messages.length >= 3 && watched.length > 0 ? messages : undefined;
    }, 'three messages, and one of the watchdog');
    const gist = sent.map(({ receiver, body: { alerts = [] } }) => [
      receiver,
      alerts[0]?.labels.alertname,
      alerts[0]?.labels.agent_name,
      alerts.length,
    ]);
    // The regression is inhibited, and informational alerts send no message.
    expect(gist.toSorted()).toEqual([
      ['page', 'LiveKitAgentTurnLatencyBudgetBurn', 'front-desk', 2],
      ['page', 'LiveKitAgentTurnLatencyBudgetBurn', 'support', 1],
      ['ticket', 'LiveKitAgentToolFailing', 'front-desk', 1],
    ]);
    expect(alerting.messages.find(({ receiver }) => receiver === 'watchdog')).toMatchObject({
      via: 'webhook',
      body: { alerts: [{ labels: { alertname: 'TalkgaugeWatchdog' } }] },
    });
  });

  test('the health check passes', () => {
    const amtool = command === 'alertmanager3' ? 'amtool3' : 'amtool';
    expect(run(amtool, `--alertmanager.url=${alerting.url}`, 'cluster', 'show')).toMatch(
      /Cluster Status:\s+disabled/,
    );
  });
});
