import { expect, test } from 'vitest';
import { spans, tracesOfJob } from '../../../src/monitoring/traceql/spans.ts';

test('spans are selected by name and by the chosen agents', () => {
  expect(spans('agent_session')).toBe('{ name = "agent_session" && .lk.agent_name =~ "$agent" }');
});

test('a number variable is compared as a float, even if the user enters an integer', () => {
  expect(spans('agent_turn', { 'lk.e2e_latency': ['>', '$slower'] }, ['lk.e2e_latency'])).toBe(
    '{ name = "agent_turn" && .lk.agent_name =~ "$agent" && span.lk.e2e_latency > 1.0 * $slower } | select(span.lk.e2e_latency)',
  );
});

test('other values are unchanged', () => {
  expect(spans('function_tool', { 'lk.function_tool.is_error': ['=', true] })).toMatch(
    /&& span\.lk\.function_tool\.is_error = true \}$/,
  );
  expect(tracesOfJob('$job_id')).toBe('{ .job_id = "$job_id" }');
});
