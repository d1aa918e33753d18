import { recordedRate } from '../promql/recorded-series.ts';
import { selector } from '../promql/series.ts';
import type { RecordingRule, RuleContext, RuleGroup } from './rule.ts';

/** A worker's load, so that its mean over weeks needs one sample a minute. */
export const workerLoad = 'worker:lk_agents_worker_load:max';

/** How many workers of an agent serve metrics: what is remembered of a fleet that has vanished. */
export const workerCount = 'agent:talkgauge_build_info:count';

/** Processor cores that the worker process itself uses; every process has such a series, so it is asked for workers' only. */
export const workerCpu = 'worker:process_cpu_seconds:rate5m';

/** Seconds that processes spend on garbage collection, per second, without its five types. */
export const workerCollection = 'worker:v8js_gc_seconds:rate5m';

/** Of workers, what their boards would have to make from raw samples otherwise. */
export function workers({ q, settings }: RuleContext): RuleGroup<RecordingRule>[] {
  const load = q.series('lk_agents_worker_load');
  const info = q.series('talkgauge_build_info');
  // Every process has it. The user's matchers select the processes, except for matchers on the agent, a label that it
  // lacks. No selector can name the workers alone, so that the rates of others are made and dropped. To record first which
  // are workers' would read as many processes and keep one more series of each worker.
  const cpu = selector(
    'process_cpu_seconds_total',
    settings.selector.filter((matcher) => !/^agent_(name|version)\b/.test(matcher)),
  );
  return [
    {
      name: 'talkgauge-workers',
      interval: '1m',
      rules: [
        {
          record: workerLoad,
          expr: `max by (job, instance, agent_name, agent_version, nodename) (${load})`,
        },
        {
          record: workerCount,
          // Those of five minutes ago: a worker has no name yet before it has registered with LiveKit.
          expr: `count by (agent_name) (${info} and ${info} offset 5m)`,
        },
        {
          record: workerCpu,
          expr: `sum by (job, instance) (rate(${cpu}[5m]) and on (job, instance) ${load})`,
        },
        {
          record: workerCollection,
          expr: `sum by (job, instance, agent_name, agent_version, process) (${recordedRate('v8js_gc_duration_seconds', '_sum').name})`,
        },
      ],
    },
  ];
}
