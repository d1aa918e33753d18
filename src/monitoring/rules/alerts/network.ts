import { recordedWindow } from '../../promql/recorded.ts';
import type { AlertRule, RuleContext } from '../rule.ts';
import { percent } from './figures.ts';

/** Observations in ten minutes below which streams say nothing; the server makes one for each stream every few seconds. */
const enough = 50;

/** Audio through LiveKit's own server, by its node, whether it comes in or goes out; without its series nothing is said. */
const streams = '{type="AUDIO"}';
const by = 'job, instance, direction';

const growth = (series: string, le = ''): string =>
  `sum by (${by}${le}) (rate(${series}${streams}[${recordedWindow}]))`;
const p95 = (metric: string): string => `histogram_quantile(0.95, ${growth(`${metric}_bucket`, ', le')})`;
const counted = (metric: string): string =>
  `sum by (${by}) (increase(${metric}_count${streams}[10m])) >= ${enough}`;

/** Networks that spoil what the agents hear and say. Names and units are those of livekit-server v1.13.5, pkg/telemetry/prometheus. */
export function network({ objectives }: RuleContext): AlertRule[] {
  const { networkLossRatio, networkRttSeconds, networkJitterSeconds } = objectives;
  const loss = `${growth('livekit_packet_loss_percent_sum')} / ${growth('livekit_packet_loss_percent_count')} / 100`;
  const what = {
    alert: 'LiveKitNetworkDegraded',
    for: '10m',
    severity: 'warning',
    objectives: ['networkLossRatio', 'networkRttSeconds', 'networkJitterSeconds'],
    category: 'network',
    board: { name: 'transport' },
  } as const;
  const where = 'of {{ $labels.direction }} audio at {{ $labels.instance }}';
  return [
    {
      ...what,
      expr: `(${loss} > ${networkLossRatio}) and ${counted('livekit_packet_loss_percent')}`,
      objectives: ['networkLossRatio'],
      labels: { measure: 'loss' },
      summary: `Packet loss ${where} is {{ $value | humanizePercentage }}`,
      description: `The mean over the streams of a node of LiveKit's server; at most ${percent(networkLossRatio)} is the objective.`,
    },
    {
      ...what,
      expr: `(${p95('livekit_rtt_ms')} / 1000 > ${networkRttSeconds}) and ${counted('livekit_rtt_ms')}`,
      objectives: ['networkRttSeconds'],
      labels: { measure: 'rtt' },
      summary: `Round trip ${where}: p95 is {{ $value | humanizeDuration }}`,
      description: `The p95 over the streams of a node of LiveKit's server; up to ${networkRttSeconds} s is fine.`,
    },
    {
      ...what,
      expr: `(${p95('livekit_jitter_us')} / 1000000 > ${networkJitterSeconds}) and ${counted('livekit_jitter_us')}`,
      objectives: ['networkJitterSeconds'],
      labels: { measure: 'jitter' },
      summary: `Jitter ${where}: p95 is {{ $value | humanizeDuration }}`,
      description: `The p95 over the streams of a node of LiveKit's server; up to ${networkJitterSeconds} s is fine.`,
    },
  ];
}
