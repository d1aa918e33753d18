import { percent } from '../../markdown.ts';
import { type AudioStreamMetric, observationsPerStream, serverQueries } from '../../promql/livekit-server.ts';
import type { AlertRule, RuleContext } from '../rule.ts';

/** Minimum number of stalls of half a second or more in 15 minutes. */
const stalls = 5;

/** Share of an agent's workers that refuse jobs, from which on the rest will soon do so, too. */
const mostWorkers = 0.8;

const worker = { worker: '{{ $labels.instance }}' };
const agent = { agent: '{{ $labels.agent_name }}' };

/** Overloaded workers. */
export function saturation({ q, objectives: { loadThreshold, workerLoad } }: RuleContext): AlertRule[] {
  const now = q.series('lk_agents_worker_load');
  // A worker that has gone has no load, though it had one a few minutes ago.
  const load = (window: string) => `avg_over_time(${now}[${window}]) and ${now}`;
  const saturated = { alert: 'LiveKitWorkerSaturated', category: 'saturation' } as const;
  const refusing = `(${load('5m')}) >= bool ${loadThreshold}`;
  return [
    {
      ...saturated,
      expr: `min by (agent_name) (${load('5m')}) >= ${loadThreshold}`,
      for: '3m',
      severity: 'critical',
      objectives: ['loadThreshold'],
      summary:
        '{{ $labels.agent_name }}: all workers refuse new calls; the lowest load is {{ $value | humanizePercentage }}',
      description: `The load of every worker of the agent was at or above ${percent(loadThreshold)} over the last five minutes. At this load the SDK reports the worker as full to LiveKit, so no worker accepts the next call.`,
      board: { name: 'workers', variables: agent },
    },
    {
      ...saturated,
      expr: `avg by (agent_name) (${refusing}) >= ${mostWorkers}`,
      for: '10m',
      severity: 'warning',
      objectives: ['loadThreshold'],
      labels: { scope: 'fleet' },
      summary: '{{ $labels.agent_name }}: {{ $value | humanizePercentage }} of the workers refuse new calls',
      description: `The share of the agent's workers whose load was at or above ${percent(loadThreshold)} over the last five minutes is ${percent(mostWorkers)} or more.`,
      board: { name: 'workers', variables: agent },
    },
    {
      ...saturated,
      expr: `max by (job, instance, agent_name) (${load('10m')}) > ${workerLoad}`,
      for: '10m',
      severity: 'warning',
      objectives: ['workerLoad'],
      labels: { scope: 'worker' },
      summary:
        'Worker {{ $labels.instance }} ({{ $labels.agent_name }}): load {{ $value | humanizePercentage }}',
      description: `The load that the worker reports to LiveKit was above ${percent(workerLoad)} over the last ten minutes: it refuses new calls, and its current calls degrade.`,
      board: { name: 'workers', variables: worker },
    },
    {
      alert: 'LiveKitWorkerEventLoopBlocked',
      // Of workers only: the gateway forwards the same instrument, summed over all jobs.
      expr: `${q.count('lk_agents_event_loop_blocked_duration_seconds', {
        by: ['job', 'instance', 'agent_name', 'cause'],
        where: { severity: 'error' },
        window: '15m',
      })} >= ${stalls} and on (job, instance) ${now}`,
      for: '5m',
      severity: 'warning',
      category: 'saturation',
      summary:
        'Worker {{ $labels.instance }} ({{ $labels.agent_name }}): its event loops were blocked {{ $value | printf "%.0f" }} times in 15m, because of the {{ $labels.cause }}',
      description: `Stalls of half a second or more in the worker or its jobs, at least ${stalls} in 15 minutes: callers hear gaps. Cause code: JavaScript ran too long; host: the process was not scheduled.`,
      board: { name: 'workers', variables: worker },
    },
  ];
}

/**
 * Streams that have to be bad for it to be the network. A caller with a bad line has one for each direction; no label says whose an
 * observation is.
 */
const minBadStreams = 3;

const streams = { by: ['instance', 'direction'], window: '10m' } as const;

/** Network problems that degrade audio, as measured by LiveKit's server; without its series, these alerts do not fire. */
export function network({ objectives }: RuleContext): AlertRule[] {
  const { networkLossRatio, networkRttSeconds, networkJitterSeconds } = objectives;
  const q = serverQueries(true);
  const above = (figure: string, limit: number, metric: AudioStreamMetric): string =>
    `(${figure} > ${limit}) and ${q.countAbove(limit, metric, streams)} >= ${minBadStreams * observationsPerStream}`;
  const what = {
    alert: 'LiveKitNetworkDegraded',
    for: '10m',
    severity: 'warning',
    category: 'network',
    board: { name: 'transport' },
  } as const;
  const where = '{{ $labels.instance }}: {{ $labels.direction }} audio';
  const over = "Over the streams of this node of LiveKit's server and the last ten minutes";
  const several = `Bad observations are as many as those of ${minBadStreams} bad streams or more.`;
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
      description: `${over}, on average; at most ${percent(networkLossRatio)} is the objective. ${several}`,
    },
    {
      ...what,
      expr: above(q.quantile(0.95, 'livekit_rtt_ms', streams), networkRttSeconds, 'livekit_rtt_ms'),
      objectives: ['networkRttSeconds'],
      labels: { measure: 'rtt' },
      summary: `${where} has a round-trip time of {{ $value | humanizeDuration }} (p95)`,
      description: `${over}; up to ${networkRttSeconds} s is fine. ${several}`,
    },
    {
      ...what,
      expr: above(q.quantile(0.95, 'livekit_jitter_us', streams), networkJitterSeconds, 'livekit_jitter_us'),
      objectives: ['networkJitterSeconds'],
      labels: { measure: 'jitter' },
      summary: `${where} has {{ $value | humanizeDuration }} of jitter (p95)`,
      description: `${over}; up to ${networkJitterSeconds} s is fine. ${several}`,
    },
  ];
}
