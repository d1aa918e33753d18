import { recordedRate } from '../../promql/recorded.ts';
import { nameByRange } from '../../promql/resolution.ts';
import { workerCollection } from '../../rules/workers.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { palette } from '../house/palette.ts';
import { percentileColours, percentiles } from '../house/percentiles.ts';
import { timeseries } from '../house/timeseries.ts';
import { noWorkers } from './load.ts';
import { busyLoop, mostAndMedian, workerMeasures } from './measures.ts';

const lines = { 'highest worker': palette.p95, 'median worker': palette.p50 };
const noLoops =
  'No event loops are measured in this time range; monitor() and observe() measure them unless openTelemetry is off';
const noProcesses = 'No worker with default metrics of Node.js in this time range';

const stalled = 'lk_agents_event_loop_blocked_duration_seconds';

/** Jobs, event loops, and the worker process itself. */
export function processRows({ q }: BoardContext): Row[] {
  const { loop, lag, cpuOverTime, memory, heap } = workerMeasures(q);
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
          title: 'How jobs ended',
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
            'Times per minute that an event loop stood still; audio stutters meanwhile. Warning: from 0.1 s on, error: from 0.5 s on. Cause code: something computes for too long in the agent. Cause host: the process got no processor time, so the machine has too little of it.',
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
          colours: { ...lines, 'mean job': palette.good },
          targets: [
            ...mostAndMedian(loop()),
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
          colours: { ...lines, 'mean job': palette.good },
          targets: [
            ...mostAndMedian(collecting('worker', [...q.scope.labels, 'instance'] as ['instance'])),
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
          colours: lines,
          targets: mostAndMedian(cpuOverTime),
        }),
        timeseries({
          title: 'Memory',
          description:
            'Resident memory and heap of the worker process. It should be level after some hours; a line that only climbs is a leak. The table says of which worker.',
          unit: 'bytes',
          width: 8,
          empty: noProcesses,
          colours: { ...lines, 'highest heap': palette.quiet },
          targets: [...mostAndMedian(memory), { expr: `max(${heap})`, legend: 'highest heap' }],
        }),
        timeseries({
          title: 'Event-loop lag',
          description:
            'p99 of how late timers of the worker process fire, as prom-client measures it between scrapes. A worker that is late takes jobs late.',
          unit: 's',
          width: 8,
          empty: noProcesses,
          colours: lines,
          targets: mostAndMedian(lag),
        }),
      ],
    },
  ];
}
