import { expect, test } from 'vitest';
import {
  Metric,
  MetricRequest,
  NumberPoint,
  ResourceMetrics,
  ScopeMetrics,
  Sum,
} from '../../../src/gateway/decode/otlp-schema.ts';
import { Cumulative } from '../../../src/gateway/forward/cumulative.ts';

const counter = (name: string) =>
  new Metric({
    name,
    data: {
      case: 'sum',
      value: new Sum({
        isMonotonic: true,
        aggregationTemporality: 1,
        dataPoints: [new NumberPoint({ value: { case: 'asDouble', value: 5 } })],
      }),
    },
  });

test("the SDK's turn and usage metrics are not forwarded: the gateway records metrics of the same names itself", () => {
  const names = [
    'lk.agents.usage.llm_input_tokens',
    'lk.agents.turn.e2e_latency',
    'lk.agents.connection.acquire_time',
    'my.calls',
  ];
  const request = new MetricRequest({
    resourceMetrics: [
      new ResourceMetrics({ scopeMetrics: [new ScopeMetrics({ metrics: names.map(counter) })] }),
    ],
  });
  const cumulative = new Cumulative();
  cumulative.add(request, 'an upload', 1n);
  const sent = cumulative
    .request(2n, {})
    ?.resourceMetrics[0]?.scopeMetrics[0]?.metrics.map(({ name }) => name);
  expect(sent).toEqual(['lk.agents.connection.acquire_time', 'my.calls']);
});
