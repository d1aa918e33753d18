import type { Queries } from '../../promql/queries.ts';
import { nameByRange } from '../../promql/resolution.ts';
import { matchers, selector } from '../../promql/series.ts';
import { meanLoad, meanLoadOfHour, workerLoop } from '../../rules/for-boards.ts';
import { workerCpu } from '../../rules/workers.ts';

/** Share of its time that an event loop is at work, from which on what comes in has to queue noticeably. */
export const busyLoop = 0.8;

/** Load from which on a worker takes no new jobs, unless its `loadThreshold` says otherwise; that of production. */
export const fullLoad = 0.7;

const worker = { by: ['instance'] } as const;

/** How a job ends badly. */
export const bad = { outcome: { re: 'crashed|killed' } } as const;

/** What the board asks of each worker; every expression has one line for each `instance`. */
export function workerMeasures(q: Queries) {
  const load = q.gauge('lk_agents_worker_load', { ...worker, as: 'max' });
  /** Every process has default metrics, so those of workers are picked out; they have no label for the agent. */
  const own = (series: string) =>
    `max by (instance) (${series} and on (job, instance) ${q.series('lk_agents_worker_load')})`;
  /** A series that is recorded for each worker, with the filters of the board. */
  const recorded = (name: string) => selector(name, matchers({ ...q.scope.worker, ...q.scope.where }));
  const loadAs = (name: string) => (q.scope.recorded ? recorded(name) : q.series('lk_agents_worker_load'));
  const inRange = { ...worker, window: '$__range' } as const;
  const loopSeconds = (window: string, state?: 'active') =>
    q.rate('nodejs_eventloop_time_seconds_total', {
      ...worker,
      window,
      where: { process: 'worker', ...(state && { nodejs_eventloop_state: state }) },
    });
  return {
    load,
    meanLoad: `max by (instance) (avg_over_time(${loadAs(nameByRange(meanLoad))}[$__range]))`,
    /** At the end of the time range, so that who is busiest does not change along it. */
    meanLoadAtEnd: q.scope.recorded
      ? `max by (instance) (${loadAs(meanLoadOfHour)} @ end())`
      : `max by (instance) (avg_over_time(${loadAs('')}[1h] @ end()))`,
    jobs: q.gauge('lk_agents_active_job_count', worker),
    ended: q.increase('lk_agents_job_exits_total', inRange),
    endedBadly: q.increase('lk_agents_job_exits_total', { ...inRange, where: bad }),
    longStalls: q.count('lk_agents_event_loop_blocked_duration_seconds', {
      ...inRange,
      where: { severity: 'error' },
    }),
    loop: (window = '$__rate_interval') =>
      q.scope.recorded
        ? `max by (instance) (avg_over_time(${recorded(nameByRange(workerLoop))}[${window}]))`
        : `${loopSeconds(window, 'active')} / (${loopSeconds(window)} > 0)`,
    lag: own('nodejs_eventloop_lag_p99_seconds'),
    cpuOverTime: own(
      q.scope.recorded
        ? `avg_over_time(${nameByRange(workerCpu)}[$__rate_interval])`
        : 'rate(process_cpu_seconds_total[$__rate_interval])',
    ),
    cpu: own(q.scope.recorded ? workerCpu : 'rate(process_cpu_seconds_total[5m])'),
    memory: own('process_resident_memory_bytes'),
    heap: own('nodejs_heap_size_used_bytes'),
    started: own('process_start_time_seconds'),
  };
}

/** However many workers there are: the one with most, and the one in the middle. */
export const mostAndMedian = (expr: string) => [
  { expr: `max(${expr})`, legend: 'highest worker' },
  { expr: `quantile(0.5, ${expr})`, legend: 'median worker' },
];
