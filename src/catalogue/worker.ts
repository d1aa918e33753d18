import * as buckets from './buckets.ts';
import { fromWorkerStart } from './start-at-zero.ts';
import type { MetricSpec } from './types.ts';

/** As in the Python SDK: the host's name. */
const nodename = { nodename: 'open' } as const;

/** The worker process, and the processes that it forks. The first four series are the Python SDK's. */
export const worker = {
  lk_agents_worker_load: {
    type: 'gauge',
    help: "The worker's load as it reports it to LiveKit, 0 to 1; 1 while it drains.",
    unit: 'ratio',
    labels: nodename,
    source: 'AgentServer.event: worker_msg (updateWorker)',
  },
  lk_agents_active_job_count: {
    type: 'gauge',
    help: 'Job processes that run a job.',
    unit: 'jobs',
    labels: nodename,
    source: "the worker's forked processes",
  },
  lk_agents_child_process_count: {
    type: 'gauge',
    help: "The worker's forked processes: jobs, idle ones, inference.",
    unit: 'processes',
    labels: nodename,
    source: "the worker's forked processes",
  },
  lk_agents_proc_initialize_duration_seconds: {
    type: 'histogram',
    help: 'Time from forking a job process until it is ready for a job.',
    unit: 'seconds',
    labels: nodename,
    buckets: buckets.initialize,
    source: "the worker's forked processes",
  },
  lk_agents_job_exits_total: {
    type: 'counter',
    help: 'Jobs that ended; crashed: the entry function threw or the process failed; killed: by a signal.',
    unit: 'jobs',
    labels: { outcome: ['finished', 'crashed', 'killed'] },
    startsWith: fromWorkerStart,
    source: "the worker's forked processes",
  },
  lk_agents_event_loop_blocked_duration_seconds: {
    type: 'histogram',
    help: 'Event loop stalls of workers and jobs; cause host: the process was not scheduled.',
    unit: 'seconds',
    labels: { severity: ['warning', 'error'], cause: ['code', 'host'] },
    buckets: buckets.stall,
    source: 'OpenTelemetry: lk.agents.event_loop.blocked_duration',
  },
  v8js_gc_duration_seconds: {
    type: 'histogram',
    help: 'Garbage collections of workers and jobs, by type.',
    unit: 'seconds',
    labels: {
      process: ['worker', 'job'],
      v8js_gc_type: ['major', 'minor', 'incremental', 'weakcb', 'other'],
    },
    buckets: buckets.collection,
    source: 'OpenTelemetry: v8js.gc.duration',
  },
  nodejs_eventloop_time_seconds_total: {
    type: 'counter',
    help: 'Time that the event loops of workers and jobs were active and idle.',
    unit: 'seconds',
    labels: { process: ['worker', 'job'], nodejs_eventloop_state: ['active', 'idle'] },
    startsWith: fromWorkerStart,
    source: 'OpenTelemetry: nodejs.eventloop.time',
  },
} as const satisfies Record<string, MetricSpec>;
