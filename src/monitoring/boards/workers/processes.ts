import type { Queries } from '../../promql/queries.ts';
import { nameByRange, recordedRate } from '../../promql/recorded-series.ts';
import { matchers, selector } from '../../promql/series.ts';
import { meanLoad, meanLoadOfHour, workerLoop } from '../../rules/dashboards.ts';
import { workerCollection, workerCpu } from '../../rules/workers.ts';
import type { BoardContext, Row } from '../panels/board.ts';
import { timeseries } from '../panels/charts.ts';
import { percentileColours, percentiles } from '../panels/queries.ts';
import { palette } from '../panels/thresholds.ts';

export const noWorkers =
  'No worker under this agent name in this time range; a worker goes by the name that it registers under';

/** Share of its time that an event loop is at work, from which on what comes in has to queue noticeably. */
export const busyLoop = 0.8;

/** How a job ends badly. */
export const failedOutcomes = { outcome: { re: 'crashed|killed' } } as const;

/**
 * What the board asks of each worker; every expression has one line for each `instance`, and for each value of the user's labels:
 * two clusters may have workers of one name.
 */
export function workerQueries(q: Queries) {
  const labels = [...q.scope.labels, 'instance'];
  // Labels of the user's own are no labels of the catalogue, by which queries are checked.
  const worker = { by: labels as ['instance'] };
  const each = labels.join(', ');
  const sameWorker = `on (${['job', ...labels].join(', ')})`;
  const load = q.gauge('lk_agents_worker_load', { ...worker, as: 'max' });
  /** Every process has default metrics, so those of workers are picked out; they have no label for the agent. */
  const own = (series: string) =>
    `max by (${each}) (${series} and ${sameWorker} ${q.series('lk_agents_worker_load')})`;
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
    /** The labels of a line. */
    each,
    load,
    meanLoad: `max by (${each}) (avg_over_time(${loadAs(nameByRange(meanLoad))}[$__range]))`,
    /** At the end of the time range, so that who is busiest does not change along it. */
    meanLoadAtEnd: q.scope.recorded
      ? `max by (${each}) (${loadAs(meanLoadOfHour)} @ end())`
      : `max by (${each}) (avg_over_time(${loadAs('')}[1h] @ end()))`,
    jobs: q.gauge('lk_agents_active_job_count', worker),
    ended: q.increase('lk_agents_job_exits_total', inRange),
    endedBadly: q.increase('lk_agents_job_exits_total', { ...inRange, where: failedOutcomes }),
    longStalls: q.count('lk_agents_event_loop_blocked_duration_seconds', {
      ...inRange,
      where: { severity: 'error' },
    }),
    loop: (window = '$__rate_interval') =>
      q.scope.recorded
        ? `max by (${each}) (avg_over_time(${recorded(nameByRange(workerLoop))}[${window}]))`
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
const maxAndMedian = (expr: string) => [
  { expr: `max(${expr})`, legend: 'highest worker' },
  { expr: `quantile(0.5, ${expr})`, legend: 'median worker' },
];

const workerColours = { 'highest worker': palette.p95, 'median worker': palette.p50 };
const noLoops =
  'No event loops are measured in this time range; monitor() and observe() measure them unless openTelemetry is off';
const noProcesses = 'No worker with default metrics of Node.js in this time range';

const stalled = 'lk_agents_event_loop_blocked_duration_seconds';

/** Jobs, event loops, and the worker process itself. */
export function processRows({ q }: BoardContext): Row[] {
  const { loop, lag, cpuOverTime, memory, heap } = workerQueries(q);
  const jobLoop = (state?: 'active') =>
    q.rate('nodejs_eventloop_time_seconds_total', {
      where: { process: 'job', ...(state && { nodejs_eventloop_state: state }) },
    });
  const collecting = (process: 'worker' | 'job', by: readonly 'instance'[] = []) =>
    q
      .totalRate('v8js_gc_duration_seconds', { by, where: { process } })
      .replace(recordedRate('v8js_gc_duration_seconds', '_sum').name, nameByRange(workerCollection));
  return [
    {
      title: 'Jobs',
      panels: [
        timeseries({
          title: 'Jobs and processes',
          description:
            'Running jobs, and all processes that workers have forked: jobs, idle ones that wait for a job, inference. Few idle ones beside many jobs: calls wait for a process to start; raise numIdleProcesses.',
          unit: 'short',
          width: 8,
          empty: noWorkers,
          colours: { 'running jobs': palette.neutral, 'forked processes': palette.quiet },
          targets: [
            { expr: q.gauge('lk_agents_active_job_count'), legend: 'running jobs' },
            { expr: q.gauge('lk_agents_child_process_count'), legend: 'forked processes' },
          ],
        }),
        timeseries({
          title: 'Jobs by outcome',
          description:
            'Jobs that ended, per minute. Crashed: the entry function threw, or the process failed. Killed: by a signal, such as when memory ran out. The table below says on which workers.',
          unit: 'short',
          width: 8,
          empty: 'No job ended in this time range',
          draw: 'stack',
          next: 'sessions',
          colours: { finished: palette.good, crashed: palette.bad, killed: 'purple' },
          targets: (['finished', 'crashed', 'killed'] as const).map((outcome) => ({
            expr: `${q.rate('lk_agents_job_exits_total', { where: { outcome } })} * 60`,
            legend: outcome,
          })),
        }),
        timeseries({
          title: 'Time to start a job process',
          description:
            'From forking a process until it is ready for a job. If it grows, hosts are short of processor time, or prewarm() loads more than it did.',
          unit: 's',
          width: 8,
          empty: 'No job process was started in this time range',
          colours: percentileColours,
          targets: percentiles(q, 'lk_agents_proc_initialize_duration_seconds'),
        }),
      ],
    },
    {
      title: 'Event loops of workers and jobs',
      panels: [
        timeseries({
          title: 'Event-loop stalls',
          description:
            'Event loop stalls per minute; audio stutters during a stall. Warning: from 0.1 s on, error: from 0.5 s on. Cause code: something computes for too long in the agent. Cause host: the process got no processor time, so the machine has too little of it.',
          unit: 'short',
          width: 8,
          empty: noLoops,
          draw: 'stack',
          colours: {
            'warning, code': 'yellow',
            'error, code': palette.bad,
            'warning, host': 'super-light-blue',
            'error, host': 'purple',
          },
          targets: (['code', 'host'] as const).flatMap((cause) =>
            (['warning', 'error'] as const).map((severity) => ({
              expr: `${q.countRate(stalled, { where: { severity, cause } })} * 60`,
              legend: `${severity}, ${cause}`,
            })),
          ),
        }),
        timeseries({
          title: 'Event-loop utilisation',
          description: `Share of its time that an event loop is at work. Above ${100 * busyLoop} % events queue. Jobs: the mean of all; each has a loop of its own.`,
          unit: 'percentunit',
          max: 1,
          width: 8,
          empty: noLoops,
          limit: busyLoop,
          colours: { ...workerColours, 'mean job': palette.good },
          targets: [
            ...maxAndMedian(loop()),
            { expr: `${jobLoop('active')} / (${jobLoop()} > 0)`, legend: 'mean job' },
          ],
        }),
        timeseries({
          title: 'Time spent collecting garbage',
          description:
            'Share of their time that processes spend on garbage collection. More than a few percent: memory is nearly full, or much is allocated per audio frame.',
          unit: 'percentunit',
          reach: 0.01,
          width: 8,
          empty: noLoops,
          colours: { ...workerColours, 'mean job': palette.good },
          targets: [
            ...maxAndMedian(collecting('worker', [...q.scope.labels, 'instance'] as ['instance'])),
            { expr: `${collecting('job')} / (${jobLoop()} > 0)`, legend: 'mean job' },
          ],
        }),
      ],
    },
    {
      title: 'The worker process itself, without its jobs',
      panels: [
        timeseries({
          title: 'Processor time',
          description:
            'Processor cores that the worker process uses; 1 is a core. Jobs are processes of their own: their share is in the load above.',
          unit: 'short',
          width: 8,
          empty: noProcesses,
          colours: workerColours,
          targets: maxAndMedian(cpuOverTime),
        }),
        timeseries({
          title: 'Memory',
          description:
            'Resident memory and heap of the worker process. It should be level after some hours; a line that only climbs is a leak. The table says of which worker.',
          unit: 'bytes',
          width: 8,
          empty: noProcesses,
          colours: { ...workerColours, 'highest heap': palette.quiet },
          targets: [...maxAndMedian(memory), { expr: `max(${heap})`, legend: 'highest heap' }],
        }),
        timeseries({
          title: 'Event-loop lag',
          description:
            'p99 of how late timers of the worker process fire, as prom-client measures it between scrapes. A worker that is late takes jobs late.',
          unit: 's',
          width: 8,
          empty: noProcesses,
          colours: workerColours,
          targets: maxAndMedian(lag),
        }),
      ],
    },
  ];
}
