import type { AlertRule, RuleContext } from '../rule.ts';
import { percent } from './figures.ts';

/** Failed recordings in an hour that are no accident. */
const enough = 5;

/** Recordings of rooms that come to nothing. No caller notices, and nobody else before a recording is asked for. */
export function recordings({ q, objectives: { recordingErrorRatio } }: RuleContext): AlertRule[] {
  const of = { by: ['agent_name', 'destination'], window: '1h' } as const;
  const all = q.increase('lk_agents_recordings_total', of);
  const failed = q.increase('lk_agents_recordings_total', {
    ...of,
    where: { outcome: { re: 'failed|aborted|not_started' } },
  });
  return [
    {
      alert: 'LiveKitAgentRecordingsFailing',
      expr: `${failed} / (${all} > 0) > ${recordingErrorRatio} and ${failed} >= ${enough}`,
      for: '5m',
      severity: 'warning',
      category: 'failure',
      objectives: ['recordingErrorRatio'],
      summary:
        '{{ $labels.agent_name }}: {{ $value | humanizePercentage }} of the recordings to {{ $labels.destination }} in 1h failed',
      description:
        `${percent(recordingErrorRatio)} of the recordings of rooms may fail. The calls go on, and what was said in them is ` +
        'not recorded.',
      board: { name: 'transport', variables: { agent: '{{ $labels.agent_name }}' } },
    },
  ];
}
