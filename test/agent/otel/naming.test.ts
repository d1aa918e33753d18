import { expect, test } from 'vitest';
import { familyName, labelName } from '../../../src/agent/otel/naming.ts';

test.each([
  [
    'lk.agents.event_loop.blocked_duration',
    's',
    'histogram',
    'lk_agents_event_loop_blocked_duration_seconds',
  ],
  ['nodejs.eventloop.time', 's', 'counter', 'nodejs_eventloop_time_seconds'],
  ['v8js.memory.heap.limit', 'By', 'gauge', 'v8js_memory_heap_limit_bytes'],
  ['nodejs.eventloop.utilization', '1', 'gauge', 'nodejs_eventloop_utilization_ratio'],
  ['retries', '1', 'counter', 'retries'],
  ['v8js.resource.active', '{resource}', 'gauge', 'v8js_resource_active'],
  ['orders_total', undefined, 'counter', 'orders'],
  ['wait_seconds', 's', 'histogram', 'wait_seconds'],
  ['odd-name/with..dots', 'furlong', 'gauge', 'odd_name_with_dots'],
  ['2fa', undefined, 'gauge', '_2fa'],
] as const)('instrument %s in %s, a %s, is the family %s', (name, unit, type, family) => {
  expect(familyName(name, unit, type).name).toBe(family);
});

test('an attribute name becomes a label name with underscores', () => {
  expect(labelName('v8js.gc.type')).toBe('v8js_gc_type');
  expect(labelName('severity')).toBe('severity');
});
