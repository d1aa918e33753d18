import type { AlertRule, RuleContext } from '../rule.ts';
import { percent } from './figures.ts';

/** Calls of a tool below which it is not judged, and failed ones that are no accident. */
const enough = { calls: 10, failed: 5, forP95: 50 };

/** Tools that fail or take too long. */
export function tools({ q, objectives }: RuleContext): AlertRule[] {
  const of = { by: ['agent_name', 'tool'], window: '30m' } as const;
  const failed = q.increase('lk_agents_tool_calls_total', { ...of, where: { outcome: 'error' } });
  const calls = q.increase('lk_agents_tool_calls_total', of);
  const long = { ...of, window: '1h' } as const;
  const board = {
    name: 'tools',
    variables: { agent: '{{ $labels.agent_name }}', tool: '{{ $labels.tool }}' },
  };
  return [
    {
      alert: 'LiveKitAgentToolFailing',
      expr: `${failed} / (${calls} >= ${enough.calls}) > ${objectives.toolErrorRatio} and ${failed} >= ${enough.failed}`,
      for: '2m',
      severity: 'warning',
      category: 'failure',
      objectives: ['toolErrorRatio'],
      summary:
        '{{ $labels.agent_name }}: {{ $value | humanizePercentage }} of the calls of {{ $labels.tool }} in 30m failed',
      description: `${percent(objectives.toolErrorRatio)} of a tool's calls may fail. The agent has to talk its way around the rest.`,
      board,
    },
    {
      alert: 'LiveKitAgentToolSlow',
      expr:
        `(${q.quantile(0.95, 'lk_agents_tool_duration_seconds', long)}) > ${objectives.toolDuration} ` +
        `and ${q.count('lk_agents_tool_duration_seconds', long)} >= ${enough.forP95}`,
      for: '10m',
      severity: 'warning',
      category: 'latency',
      objectives: ['toolDuration'],
      summary: '{{ $labels.agent_name }}: p95 of {{ $labels.tool }} is {{ $value | humanizeDuration }}',
      description: `Over the last hour more than 5 % of the tool's calls took longer than ${objectives.toolDuration} s; callers wait in silence.`,
      board,
    },
  ];
}
