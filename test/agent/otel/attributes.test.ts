import { describe, expect, test } from 'vitest';
import { boundedAttributes, isIdentifying } from '../../../src/agent/otel/attributes.ts';

describe('attributes', () => {
  test.each([
    'room_id',
    'job_id',
    'lk.job_id',
    'room',
    'roomSid',
    'lk.room_name',
    'lk.pii.participant_identity',
    'lk.pii.room_name',
    'participant.sid',
    'session_id',
    'gen_ai.conversation.id',
    'lk.speech_id',
    'lk.provider_request_ids',
    'user.id',
    'phone_number',
  ])('%s identifies a call or a person', (attribute) => {
    expect(isIdentifying(attribute)).toBe(true);
  });

  test.each([
    'severity',
    'cause',
    'v8js.gc.type',
    'http.request.method',
    'http.response.status_code',
    'lk.agent_name',
    'job_type',
    'process',
    'gen_ai.request.model',
  ])('%s does not', (attribute) => {
    expect(isIdentifying(attribute)).toBe(false);
  });
});

test('what identifies is left out, the rest stays', () => {
  const { process } = boundedAttributes(10);
  expect(process({ room_id: 'RM_1', severity: 'error', 'lk.job_id': 'AJ_1' })).toEqual({ severity: 'error' });
});

test('further attribute sets become one once there are too many', () => {
  const { process } = boundedAttributes(2);
  expect(process({ a: 1 })).toEqual({ a: 1 });
  expect(process({ a: 2, b: 1 })).toEqual({ a: 2, b: 1 });
  for (let value = 3; value < 1_000; value++) {
    expect(process({ a: value })).toEqual({ 'otel.metric.overflow': true });
  }
  // The order of attributes makes no new set.
  expect(process({ b: 1, a: 2 })).toEqual({ a: 2, b: 1 });
});
