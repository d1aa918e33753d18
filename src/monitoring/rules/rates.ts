import { isMetric } from '../../catalogue/metrics.ts';
import { audioStreams, recordedServerRate, serverSuffixes } from '../promql/livekit-server.ts';
import {
  hasLongRate,
  longExpr,
  longName,
  longWindow,
  recordedGroups,
  recordedRate,
  recordedWindow,
  recordingInterval,
  suffixesOf,
} from '../promql/recorded-series.ts';
import { selector } from '../promql/series.ts';
import {
  type GatewayRate,
  gatewayRate,
  gatewayRates,
  meanLoad,
  nodeCpu,
  ratesOfAgents,
  type ServerRate,
  serverRate,
  serverRates,
  workerLoop,
} from './dashboards.ts';
import type { RecordingRule, RuleContext, RuleGroup } from './rule.ts';
import { workerCollection, workerCpu } from './workers.ts';

/** The rate of every counter and histogram, with instances summed up: boards over weeks and alerts read these. */
export const rates = ({ settings }: RuleContext): RuleGroup<RecordingRule>[] =>
  recordedGroups.map(({ name, metrics }) => ({
    name: `talkgauge-rates-${name}`,
    interval: `${recordingInterval}s`,
    rules: Object.entries(metrics).flatMap(([metric, spec]) =>
      suffixesOf(spec).map((part) => {
        if (!isMetric(metric)) throw new Error(`${metric} is not in the catalogue`);
        const { name: record, labels } = recordedRate(metric, part);
        const raw = selector(`${metric}${part}`, settings.selector);
        return {
          record,
          expr: `sum by (${labels.join(', ')}) (rate(${raw}[${recordedWindow}]))`,
        };
      }),
    ),
  }));

/** How streams went by LiveKit's own server, for those who scrape it; without it they record nothing. */
export const livekitServer = (): RuleGroup<RecordingRule>[] => [
  {
    name: 'talkgauge-livekit-server',
    interval: '1m',
    rules: Object.entries(audioStreams).flatMap(([metric, { labels, where }]) =>
      serverSuffixes.map((part) => {
        const kept = ['job', 'instance', ...labels, ...(part === '_bucket' ? ['le'] : [])];
        return {
          record: recordedServerRate(metric, part),
          expr: `sum by (${kept.join(', ')}) (rate(${metric}${part}${where}[5m]))`,
        };
      }),
    ),
  },
];

/** Rates of half an hour, which boards read over weeks: a thirtieth of the samples. */
export function longRates(): RuleGroup<RecordingRule>[] {
  const group = (name: string, recorded: readonly string[]): RuleGroup<RecordingRule> => ({
    name: `talkgauge-long-${name}`,
    interval: longWindow,
    rules: recorded.map((series) => ({ record: longName(series), expr: longExpr(series) })),
  });
  return [
    ...recordedGroups.map(({ name, metrics }) =>
      group(
        name,
        Object.entries(metrics).flatMap(([metric, spec]) =>
          suffixesOf(spec).flatMap((part) =>
            isMetric(metric) && hasLongRate(metric, part) ? [recordedRate(metric, part).name] : [],
          ),
        ),
      ),
    ),
    {
      name: 'talkgauge-long-processes',
      interval: longWindow,
      rules: [
        ...[workerCollection, workerCpu].map((series) => ({
          record: longName(series),
          expr: longExpr(series),
        })),
        ...[meanLoad, workerLoop, nodeCpu].map((series) => ({
          record: longName(series),
          expr: `avg_over_time(${series}[${longWindow}])`,
        })),
      ],
    },
    group(
      'agents',
      ratesOfAgents.map(({ record }) => record),
    ),
    group('livekit-server', [
      ...Object.keys(audioStreams).flatMap((metric) =>
        serverSuffixes.map((part) => recordedServerRate(metric, part)),
      ),
      ...Object.keys(serverRates).map((metric) => serverRate(metric as ServerRate)),
    ]),
    group(
      'gateway',
      Object.keys(gatewayRates).map((metric) => gatewayRate(metric as GatewayRate)),
    ),
  ];
}
