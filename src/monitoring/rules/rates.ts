import { isMetric } from '../../catalogue/metrics.ts';
import {
  partsOf,
  recordedGroups,
  recordedRate,
  recordedWindow,
  recordingInterval,
} from '../promql/recorded.ts';
import { selector } from '../promql/series.ts';
import type { RecordingRule, RuleContext, RuleGroup } from './rule.ts';

/** The rate of every counter and histogram, with instances summed up: boards over weeks and alerts read these. */
export const rates = ({ settings }: RuleContext): RuleGroup<RecordingRule>[] =>
  recordedGroups.map(({ name, metrics }) => ({
    name: `talkgauge-rates-${name}`,
    interval: `${recordingInterval}s`,
    rules: Object.entries(metrics).flatMap(([metric, spec]) =>
      partsOf(spec).map((part) => {
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
