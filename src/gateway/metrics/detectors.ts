import { flag, number } from '../decode/attribute-value.ts';
import type { UsageEntry } from '../decode/session-report.ts';
import { factsOf } from '../decode/span-facts.ts';
import type { SdkMetrics } from './metrics-json.ts';
import type { Timeline } from './timeline.ts';
import type { Tree } from './tree.ts';
import type { Told } from './uploaded-session.ts';

/** What the detectors of turns' ends and of interruptions found, as far as spans tell. */
export function addDetectors(timeline: Timeline, tree: Tree, { language, report }: Told): void {
  const metadataOf = (component: UsageEntry['component']) => {
    const entry = report?.usage.find((used) => used.component === component);
    return entry && { modelProvider: entry.provider, modelName: entry.model };
  };
  for (const span of tree.named('eou_detection')) {
    const facts = factsOf(span, language);
    if (facts?.of !== 'eou_detection') continue;
    const { probability, threshold, detectionDelay } = facts;
    // What was found once is told again while the user goes on to say nothing.
    if (probability === undefined || threshold === undefined || flag(span.attributes['lk.eou.from_cache']))
      continue;
    timeline.add('eot_prediction', span.end, 'detected', { probability, threshold });
    if (detectionDelay === undefined) continue;
    addMetrics(timeline, span.end, {
      type: 'eot_inference_metrics',
      detectionDelay: detectionDelay * 1000,
      metadata: metadataOf('eot'),
    });
  }
  for (const { end, attributes } of tree.named('user_speaking')) {
    const isInterruption = flag(attributes['lk.is_interruption']);
    if (isInterruption === undefined) continue;
    timeline.add('overlapping_speech', end, 'detected', { isInterruption });
    const duration = (of: string) => {
      const seconds = number(attributes[`lk.interruption.${of}`]);
      return seconds === undefined ? undefined : seconds * 1000;
    };
    const totalDuration = duration('total_duration');
    // It was given up before anybody was asked.
    if (!totalDuration) continue;
    addMetrics(timeline, end, {
      type: 'interruption_metrics',
      totalDuration,
      predictionDuration: duration('prediction_duration'),
      detectionDelay: duration('detection_delay'),
      numInterruptions: isInterruption ? 1 : 0,
      numBackchannels: isInterruption ? 0 : 1,
      metadata: metadataOf('interruption'),
    });
  }
}

/** How many requests it took, only the report tells. */
function addMetrics(timeline: Timeline, at: number, metrics: object): void {
  timeline.add('metrics_collected', at, 'detected', {
    metrics: { timestamp: at * 1000, ...metrics } as unknown as SdkMetrics,
  });
}
