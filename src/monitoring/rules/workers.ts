import { recordedRate } from '../promql/recorded.ts';
import { selector } from '../promql/series.ts';
import type { RecordingRule, RuleContext, RuleGroup } from './rule.ts';

/** A worker's load, so that its mean over weeks needs one sample a minute. */
export const workerLoad = 'worker:lk_agents_worker_load:max';

/** Processor cores that the worker process itself uses; every process has such a series, so it is asked for workers' only. */
export const workerCpu = 'worker:process_cpu_seconds:rate5m';

/** Seconds that processes spend on garbage collection, per second, without its five types. */
export const workerCollection = 'worker:v8js_gc_seconds:rate5m';

/** Of workers, what their boards would have to make from raw samples otherwise. */
export function workers({ q, settings }: RuleContext): RuleGroup<RecordingRule>[] {
  const labels = [...settings.labels, 'job', 'instance'].join(', ');
  const load = q.series('lk_agents_worker_load');
  const cpu = selector('process_cpu_seconds_total', []);
  return [
    {
      name: 'earshot-workers',
      interval: '1m',
      rules: [
        {
          record: workerLoad,
          expr: `max by (${labels}, agent_name, agent_version, nodename) (${load})`,
        },
        {
          record: workerCpu,
          expr: `sum by (${labels}) (rate(${cpu}[5m]) and on (job, instance) ${load})`,
        },
        {
          record: workerCollection,
          expr: `sum by (${labels}, agent_name, agent_version, process) (${recordedRate('v8js_gc_duration_seconds', '_sum').name})`,
        },
      ],
    },
  ];
}
