import { audioStreams, recordedServerRate, serverParts } from '../promql/livekit-server.ts';
import type { RecordingRule, RuleGroup } from './rule.ts';

/** How streams went by LiveKit's own server, for those who scrape it; without it they record nothing. */
export const livekitServer = (): RuleGroup<RecordingRule>[] => [
  {
    name: 'talkgauge-livekit-server',
    interval: '1m',
    rules: Object.entries(audioStreams).flatMap(([metric, { labels, where }]) =>
      serverParts.map((part) => {
        const kept = ['job', 'instance', ...labels, ...(part === '_bucket' ? ['le'] : [])];
        return {
          record: recordedServerRate(metric, part),
          expr: `sum by (${kept.join(', ')}) (rate(${metric}${part}${where}[5m]))`,
        };
      }),
    ),
  },
];
