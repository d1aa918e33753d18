import { expect, test } from 'vitest';
import { createRecords, label, withDefaults } from '../../../src/monitoring/logql/records.ts';

const records = createRecords('voice');

test('records are selected by name and by the chosen agents', () => {
  expect(records.of('lk.turn')).toBe(
    '{service_name="voice"} | event_name="lk.turn" | lk_agent_name=~"$agent" | lk_agent_version=~"$version"',
  );
});

test('several names are one regular expression with escaped dots', () => {
  expect(records.of(['lk.error', 'lk.tool_call'], { of: 'call' })).toBe(
    '{service_name="voice"} | event_name=~"lk\\\\.error|lk\\\\.tool_call" | (job_id="$job_id" and job_id!="") or (trace_id="$trace_id" and trace_id!="")',
  );
});

test("numbers are compared as numbers, strings are quoted, and attributes have Loki's names", () => {
  expect(label('lk.function_tool.is_error')).toBe('lk_function_tool_is_error');
  expect(records.of('lk.turn', { of: 'call', where: { 'lk.e2e_latency': ['>=', '$slower'] } })).toMatch(
    /\| lk_e2e_latency>=\$slower$/,
  );
  expect(records.of('lk.session_end', { of: 'call', where: { 'lk.errors': ['>', 0] } })).toMatch(
    /\| lk_errors>0$/,
  );
  expect(
    records.of('lk.tool_call', { of: 'call', where: { 'lk.function_tool.is_error': ['=', 'true'] } }),
  ).toMatch(/\| lk_function_tool_is_error="true"$/);
});

test('text filters come first and ignore case', () => {
  expect(records.of('lk.conversation_item', { text: '$words' })).toMatch(
    /^\{service_name="voice"\} \|~ `\(\?i\)\$words` \| event_name="lk\.conversation_item"/,
  );
});

test('records are counted over the time range of the board', () => {
  expect(records.count('lk.session_start')).toMatch(/^sum\(count_over_time\(\{.*\} .* \[\$__range\]\)\)$/);
});

test('missing values have a placeholder', () => {
  expect(withDefaults('{a="b"}', { lk_turns: '-', job_id: 'none' })).toBe(
    '{a="b"} | label_format lk_turns=`{{ or .lk_turns "-" }}`, job_id=`{{ or .job_id "none" }}`',
  );
  expect(withDefaults('{a="b"}', {})).toBe('{a="b"}');
});
