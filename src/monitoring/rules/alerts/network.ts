import { type AudioStreamMetric, serverQueries } from '../../promql/livekit-server.ts';
import type { AlertRule, RuleContext } from '../rule.ts';
import { percent } from './figures.ts';

/** Observations in ten minutes below which streams say nothing; the server makes one for each stream every few seconds. */
const enough = 100;

const streams = { by: ['instance', 'direction'], window: '10m' } as const;

/** Networks that spoil what agents hear and say, as LiveKit's own server sees them; without its series nothing is said. */
export function network({ objectives }: RuleContext): AlertRule[] {
  const { networkLossRatio, networkRttSeconds, networkJitterSeconds } = objectives;
  const q = serverQueries(true);
  const above = (figure: string, limit: number, metric: AudioStreamMetric): string =>
    `(${figure} > ${limit}) and ${q.count(metric, streams)} >= ${enough}`;
  const what = {
    alert: 'LiveKitNetworkDegraded',
    for: '10m',
    severity: 'warning',
    category: 'network',
    board: { name: 'transport' },
  } as const;
  const where = '{{ $labels.instance }}: {{ $labels.direction }} audio';
  const over = "Over the streams of this node of LiveKit's server and the last ten minutes";
  return [
    {
      ...what,
      expr: above(
        q.mean('livekit_packet_loss_percent', streams),
        networkLossRatio,
        'livekit_packet_loss_percent',
      ),
      objectives: ['networkLossRatio'],
      labels: { measure: 'loss' },
      summary: `${where} loses {{ $value | humanizePercentage }} of its packets`,
      description: `${over}, on average; at most ${percent(networkLossRatio)} is the objective.`,
    },
    {
      ...what,
      expr: above(q.quantile(0.95, 'livekit_rtt_ms', streams), networkRttSeconds, 'livekit_rtt_ms'),
      objectives: ['networkRttSeconds'],
      labels: { measure: 'rtt' },
      summary: `${where} has a round trip of {{ $value | humanizeDuration }} (p95)`,
      description: `${over}; up to ${networkRttSeconds} s is fine.`,
    },
    {
      ...what,
      expr: above(q.quantile(0.95, 'livekit_jitter_us', streams), networkJitterSeconds, 'livekit_jitter_us'),
      objectives: ['networkJitterSeconds'],
      labels: { measure: 'jitter' },
      summary: `${where} has {{ $value | humanizeDuration }} of jitter (p95)`,
      description: `${over}; up to ${networkJitterSeconds} s is fine.`,
    },
  ];
}
