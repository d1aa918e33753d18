import { percent } from '../../markdown.ts';
import type { AlertRule, RuleContext, Severity } from '../rule.ts';

interface Step {
  severity: Severity;
  window: string;
  /** The share of failed requests above which it is. */
  ratio: number;
  /** Requests in the window below which it says nothing. */
  requests: number;
  for: string;
}

/** Minimum number of failed requests in the window. */
const enoughFailed = 5;

/** A provider's requests fail: all components that call it, whichever agent they belong to. */
export function providers({ q, objectives }: RuleContext): AlertRule[] {
  const steps: readonly Step[] = [
    // Most requests fail: agents without a fallback to another provider cannot respond.
    { severity: 'critical', window: '5m', ratio: 0.5, requests: 10, for: '2m' },
    { severity: 'warning', window: '10m', ratio: objectives.providerErrorRatio, requests: 20, for: '3m' },
  ];
  const by = ['model_provider'] as const;
  /** What failed, and out of what. A cancelled request says nothing of its provider. */
  const requests =
    (
      metric:
        | 'lk_agents_llm_requests_total'
        | 'lk_agents_tts_requests_total'
        | 'lk_agents_realtime_requests_total',
    ) =>
    (window: string) => ({
      failed: q.increase(metric, { by, window, where: { outcome: 'error' } }),
      all: q.increase(metric, { by, window, where: { outcome: { not: 'cancelled' } } }),
    });
  const components = {
    llm: requests('lk_agents_llm_requests_total'),
    tts: requests('lk_agents_tts_requests_total'),
    realtime: requests('lk_agents_realtime_requests_total'),
    // An STT's requests have no outcome, and none is counted for one that failed: errors come on top of them.
    stt: (window: string) => {
      const failed = q.increase('lk_agents_errors_total', { by, window, where: { component: 'stt' } });
      const answered = q.increase('lk_agents_stt_requests_total', { by, window });
      return { failed, all: `(${failed} + (${answered} or 0 * ${failed}))` };
    },
  };
  return Object.entries(components).flatMap(([component, of]) =>
    steps.map(({ severity, window, ratio, requests, ...step }): AlertRule => {
      const { failed, all } = of(window);
      return {
        alert: 'LiveKitAgentProviderErrors',
        expr: `${failed} / (${all} >= ${requests}) > ${ratio} and ${failed} >= ${enoughFailed}`,
        for: step.for,
        severity,
        category: 'failure',
        objectives: ['providerErrorRatio'],
        labels: { component },
        summary:
          `${component} of {{ $labels.model_provider }}: {{ $value | humanizePercentage }} of the requests in ` +
          `${window} failed`,
        description:
          component === 'stt'
            ? `More than ${percent(ratio)} of requests and errors were errors; a streaming STT's requests are its usage reports.`
            : `More than ${percent(ratio)} of the requests failed after all retries; cancelled ones are not counted.`,
        board: { name: 'models', variables: { provider: '{{ $labels.model_provider }}' } },
      };
    }),
  );
}

/** Minimum numbers of calls of a tool, and of failed ones, for an evaluation. */
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
      description: `${percent(objectives.toolErrorRatio)} of a tool's calls may fail. A failed call returns an error to the LLM.`,
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
