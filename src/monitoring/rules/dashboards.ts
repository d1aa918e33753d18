import { isMetric } from '../../catalogue/metrics.ts';
import {
  agentSeries,
  hasLongRate,
  recordedGroups,
  recordedRate,
  suffixesOf,
} from '../promql/recorded-series.ts';
import { matchers, selector, type Where } from '../promql/series.ts';
import type { RecordingRule, RuleContext, RuleGroup } from './rule.ts';
import { present } from './versions.ts';
import { workerLoad } from './workers.ts';

/** 1 for each worker that serves Talkgauge's series, every five minutes: its last day is 288 samples. */
const presence = 'worker:talkgauge_build_info:present';

/** 1 for each worker that has served Talkgauge's series within the last day. */
export const knownWorkers = 'worker:talkgauge_build_info:present_1d';

/** `up` of the targets whose job has served Talkgauge's series within the last day; Prometheus has many others. */
export const talkgaugeTargets = 'worker:up:ours';

/** For how long a deploy is marked: longer than a step at 30 days, of which Prometheus answers 11,000. */
export const deployDuration = '4m';

/** 1 for some minutes when a version appears that had not been seen for a day. */
export const deployed = 'version:lk_agents_version:deployed';

/** A worker's mean load: over minutes for what is drawn, and over an hour to find the busiest. */
export const meanLoad = 'worker:lk_agents_worker_load:mean5m';
export const meanLoadOfHour = 'worker:lk_agents_worker_load:mean1h';

/** Share of its time that the event loop of a worker itself is at work. */
export const workerLoop = 'worker:nodejs_eventloop_active_share:rate5m';

/** Counters of the gateway on itself that boards draw, by the labels that are kept beside the target. */
export const gatewayRates = {
  talkgauge_gateway_uploads_total: ['kind'],
  talkgauge_gateway_refused_total: ['reason'],
  talkgauge_gateway_read_refused_total: ['reason'],
  talkgauge_gateway_forwarded_total: ['destination', 'result'],
  talkgauge_gateway_forward_failures_total: ['destination'],
  talkgauge_gateway_measured_sessions_total: ['result'],
} as const;

export type GatewayRate = keyof typeof gatewayRates;

export const gatewayRate = (metric: GatewayRate): string => `gateway:${metric.replace(/_total$/, '')}:rate5m`;

/** Share of the cores that LiveKit's server may use; it has no metric of its load. */
export const nodeCpu = 'node:process_cpu_share:rate5m';

/** A version that is here and was not, where others were: in a fresh installation everything is new, and nothing was deployed. */
export function deploys(series: string, by: (expr: string) => string): string {
  const before = `last_over_time(${series}[1d] offset ${deployDuration})`;
  return `(${by(series)} unless ${by(before)}) and on () group(${before})`;
}

/** Counters and buckets of LiveKit's server that boards draw, and the labels that are kept beside the node. */
export const serverRates = {
  livekit_session_start_time_ms_bucket: ['le'],
  livekit_packet_bytes: ['direction'],
  livekit_track_publish_counter: ['state'],
  livekit_track_subscribe_counter: ['state'],
  livekit_participant_join_total: ['state'],
} as const;

export type ServerRate = keyof typeof serverRates;

export const serverRate = (metric: ServerRate): string => `node:${metric.replace(/_total$/, '')}:rate5m`;

/** The recorded rates of single workers that boards read of all workers of an agent, and the labels that are kept. */
export const ratesOfAgents: readonly { of: string; record: string; labels: readonly string[] }[] =
  recordedGroups
    .filter(({ level }) => level === 'worker')
    .flatMap(({ metrics }) =>
      Object.entries(metrics).flatMap(([metric, spec]) =>
        suffixesOf(spec).flatMap((part) => {
          if (!isMetric(metric) || !hasLongRate(metric, part)) return [];
          const { name, labels } = recordedRate(metric, part);
          const kept = labels.filter((label) => !['job', 'instance', 'nodename'].includes(label));
          return [{ of: name, record: agentSeries(name), labels: kept }];
        }),
      ),
    );

/** What boards would have to read from raw series of all targets otherwise. */
export function dashboardSeries({ q, settings }: RuleContext): RuleGroup<RecordingRule>[] {
  const own = [...settings.labels, 'job', 'instance', 'agent_name', 'agent_version'].join(', ');
  const loop = (where: Where<'nodejs_eventloop_time_seconds_total'>) =>
    `sum by (${own}) (${selector(recordedRate('nodejs_eventloop_time_seconds_total', '').name, matchers(where))})`;
  const version = [...settings.labels, 'agent_name', 'agent_version'].join(', ');
  const serving = q.series('talkgauge_build_info');
  const node = [...settings.labels, 'job', 'instance'].join(', ');
  return [
    {
      name: 'talkgauge-presence',
      interval: '5m',
      rules: [{ record: presence, expr: `group by (${own}) (${serving})` }],
    },
    {
      name: 'talkgauge-boards',
      interval: '1m',
      rules: [
        {
          record: knownWorkers,
          expr: `group by (${own}) (last_over_time(${presence}[1d])) or group by (${own}) (${serving})`,
        },
        { record: talkgaugeTargets, expr: `max by (${node}) (up and on (job) ${knownWorkers})` },
        { record: meanLoad, expr: `avg_over_time(${workerLoad}[5m])` },
        { record: meanLoadOfHour, expr: `avg_over_time(${workerLoad}[1h])` },
        {
          record: workerLoop,
          expr: `${loop({ process: 'worker', nodejs_eventloop_state: 'active' })} / (${loop({ process: 'worker' })} > 0)`,
        },
        {
          record: deployed,
          expr: deploys(present, (expr) => `group by (${version}) (${expr})`),
        },
        {
          record: nodeCpu,
          expr:
            `max by (${node}) (rate(process_cpu_seconds_total[5m]) / go_sched_gomaxprocs_threads ` +
            'and on (job, instance) livekit_room_total)',
        },
        ...Object.entries(serverRates).map(([metric, labels]) => ({
          record: serverRate(metric as ServerRate),
          expr: `sum by (${[node, ...labels].join(', ')}) (rate(${selector(metric, [])}[5m]))`,
        })),
        ...Object.entries(gatewayRates).map(([metric, labels]) => ({
          record: gatewayRate(metric as GatewayRate),
          expr: `sum by (job, instance, ${labels.join(', ')}) (rate(${metric}[5m]))`,
        })),
        ...ratesOfAgents.map(({ of, record, labels }) => ({
          record,
          expr: `sum by (${[...settings.labels, ...labels].join(', ')}) (${of})`,
        })),
      ],
    },
  ];
}
