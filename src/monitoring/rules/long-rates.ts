import { isMetric } from '../../catalogue/metrics.ts';
import { audioStreams, recordedServerRate, serverParts } from '../promql/livekit-server.ts';
import { partsOf, recordedGroups, recordedRate } from '../promql/recorded.ts';
import { isLong, longExpr, longName, longWindow } from '../promql/resolution.ts';
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
} from './for-boards.ts';
import type { RecordingRule, RuleGroup } from './rule.ts';
import { workerCollection, workerCpu } from './workers.ts';

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
          partsOf(spec).flatMap((part) =>
            isMetric(metric) && isLong(metric, part) ? [recordedRate(metric, part).name] : [],
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
        serverParts.map((part) => recordedServerRate(metric, part)),
      ),
      ...Object.keys(serverRates).map((metric) => serverRate(metric as ServerRate)),
    ]),
    group(
      'gateway',
      Object.keys(gatewayRates).map((metric) => gatewayRate(metric as GatewayRate)),
    ),
  ];
}
