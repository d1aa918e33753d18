import { expect, test } from 'vitest';
import { relativeToBaseline } from '../../../../src/monitoring/boards/panels/queries.ts';
import { createQueries } from '../../../../src/monitoring/promql/queries.ts';

const q = createQueries({
  selector: [],
  where: { agent_name: { re: '$agent' }, model_provider: { re: '$provider' }, model_name: { re: '$model' } },
  labels: [],
  window: '5m',
  recorded: true,
});
const now = 'component:lk_agents_latency_seconds:p95_30m';

test('a model is compared with its own baseline by provider and model, summed over agents', () => {
  const where = '{component="llm", model_provider=~"$provider", model_name=~"$model"}';
  expect(relativeToBaseline(q, 'llm')).toBe(`${now}${where} / (${now}:median_7d${where} > 0)`);
});

test('an STT is compared by agent, the only label of its delay', () => {
  const where = '{component="stt", agent_name=~"$agent"}';
  expect(relativeToBaseline(q, 'stt')).toBe(`${now}${where} / (${now}:median_7d${where} > 0)`);
});
