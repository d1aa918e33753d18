import { describe, expect, test } from 'vitest';
import { holdsContent, isContentEvent } from '../../src/catalogue/content.ts';
import { isPersonal } from '../../src/gateway/redact/redaction.ts';

const content = [
  'lk.pii.user_transcript',
  'lk.PII.note',
  'pii',
  'gen_ai.input.messages',
  'gen_ai.prompt',
  'gen_ai.prompt.variable.name',
  'gen_ai.completion.0.content',
  'gen_ai.tool.call.result',
  'lk.amd.reason',
];
const figures = [
  'lk.speech_id',
  'lk.e2e_latency',
  'gen_ai.usage.input_tokens',
  'lk.chatpii',
  'gen_ai.prompts',
];

describe('the attribute', () => {
  test.each(content)('%s is content in the job and the gateway', (key) => {
    expect([holdsContent(key), isPersonal(key)]).toEqual([true, true]);
  });

  test.each(figures)('%s is not content', (key) => {
    expect([holdsContent(key), isPersonal(key)]).toEqual([false, false]);
  });
});

test('message events are content, and exceptions are not', () => {
  const events = ['gen_ai.user.message', 'gen_ai.choice', 'gen_ai.client.inference.operation.details'];
  expect(events.map(isContentEvent)).toEqual([true, true, true]);
  expect(['exception', 'gen_ai.usage', 'my.gen_ai.choice'].map(isContentEvent)).toEqual([
    false,
    false,
    false,
  ]);
});
