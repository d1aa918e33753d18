import type { AlertRule, RuleContext } from '../rule.ts';
import { percent } from './figures.ts';

/** Stalls of half a second or more, in 15 minutes, that are no accident. */
const stalls = 5;

const worker = { worker: '{{ $labels.instance }}' };

/** Workers that have more to do than they can. */
export function saturation({ q, objectives: { workerLoad } }: RuleContext): AlertRule[] {
  const now = q.series('lk_agents_worker_load');
  // A worker that has gone has no load, though it had one within the ten minutes.
  const load = `avg_over_time(${now}[10m]) and ${now}`;
  return [
    {
      alert: 'LiveKitWorkerSaturated',
      expr: `min by (agent_name) (${load}) > ${workerLoad}`,
      for: '5m',
      severity: 'critical',
      objectives: ['workerLoad'],
      category: 'saturation',
      summary:
        '{{ $labels.agent_name }}: all workers are saturated, the least loaded at {{ $value | humanizePercentage }}',
      description: `The load of every worker of the agent was above ${percent(workerLoad)} over the last ten minutes: there is nobody to take the next call.`,
      board: { name: 'workers', variables: { agent: '{{ $labels.agent_name }}' } },
    },
    {
      alert: 'LiveKitWorkerSaturated',
      expr: `max by (job, instance, agent_name) (${load}) > ${workerLoad}`,
      for: '10m',
      severity: 'warning',
      objectives: ['workerLoad'],
      category: 'saturation',
      summary:
        'Worker {{ $labels.instance }} ({{ $labels.agent_name }}): load {{ $value | humanizePercentage }}',
      description: `The load that the worker reports to LiveKit was above ${percent(workerLoad)} over the last ten minutes; the SDK takes no new jobs from 70 % on.`,
      board: { name: 'workers', variables: worker },
    },
    {
      alert: 'LiveKitWorkerEventLoopBlocked',
      // Of workers: the gateway hands on the same instrument, of all jobs at once.
      expr: `${q.count('lk_agents_event_loop_blocked_duration_seconds', {
        by: ['job', 'instance', 'agent_name', 'cause'],
        where: { severity: 'error' },
        window: '15m',
      })} >= ${stalls} and on (job, instance) ${now}`,
      for: '5m',
      severity: 'warning',
      category: 'saturation',
      summary:
        'Worker {{ $labels.instance }} ({{ $labels.agent_name }}): its event loops stood still {{ $value | printf "%.0f" }} times in 15m, because of the {{ $labels.cause }}',
      description: `Stalls of half a second or more in the worker or its jobs, at least ${stalls} in 15 minutes: callers hear gaps. Cause code: something ran too long; host: the process got no processor.`,
      board: { name: 'workers', variables: worker },
    },
  ];
}
