import { describe, expect, test } from 'vitest';
import { maxText, Redaction } from '../../../src/agent/telemetry/redaction.ts';
import { copySpan } from '../../../src/agent/telemetry/span-pipeline.ts';
import { span } from './spans.ts';

const strict = () => new Redaction({ allowPii: false });
const lax = () => new Redaction({ allowPii: true });

describe('redaction of a span', () => {
  const secret = {
    'lk.pii.user_transcript': 'x',
    'lk.PII.note': 'x',
    pii: 'x',
    'gen_ai.input.messages': 'x',
    'gen_ai.system_instructions': 'x',
    'gen_ai.tool.call.arguments': 'x',
    'gen_ai.prompt.variable.name': 'x',
    'lk.amd.reason': 'x',
    'exception.stacktrace': 'x',
  };
  const open = {
    'lk.speech_id': 's1',
    'lk.e2e_latency': 0.5,
    'gen_ai.usage.input_tokens': 7,
    'lk.chatpii': 'y',
  };

  test('removes attributes with content and keeps others', () => {
    expect(
      copySpan(span({ name: 'a', id: '1', attributes: { ...secret, ...open } }), strict()).attributes,
    ).toEqual(open);
    expect(copySpan(span({ name: 'a', id: '1', attributes: secret }), lax()).attributes).toEqual(secret);
  });

  test('removes message events, and attributes with content of other events', () => {
    const events = [
      { name: 'gen_ai.user.message', attributes: { content: 'x' } },
      { name: 'gen_ai.choice', attributes: { content: 'x' } },
      {
        name: 'exception',
        attributes: { 'exception.type': 'E', 'exception.message': 'x', 'exception.stacktrace': 'x' },
      },
      { name: 'event_loop_blocked', attributes: { 'lk.blocking.cause': 'code', 'lk.pii.a': 'x' } },
    ];
    const copy = copySpan(span({ name: 'a', id: '1', events }), strict());
    expect(copy.events.map(({ name, attributes }) => [name, attributes])).toEqual([
      ['exception', { 'exception.type': 'E', 'exception.message': 'exception details redacted' }],
      ['event_loop_blocked', { 'lk.blocking.cause': 'code' }],
    ]);
    expect(copySpan(span({ name: 'a', id: '1', events }), lax()).events.length).toBe(4);
  });

  test('removes the status message of a failure', () => {
    const failed = span({ name: 'a', id: '1', failed: true, message: 'no table for Ms Miller' });
    expect(copySpan(failed, strict()).status).toEqual({ code: 2, message: 'exception details redacted' });
    expect(copySpan(failed, lax()).status).toEqual({ code: 2, message: 'no table for Ms Miller' });
  });

  test('removes allowed content where LiveKit requires redaction', () => {
    const attributes = { 'lk.redaction.enabled': true, 'lk.pii.user_input': 'x' };
    expect(copySpan(span({ name: 'a', id: '1', attributes }), lax()).attributes).toEqual({
      'lk.redaction.enabled': true,
    });
  });

  test('does not modify the span itself, which other processors read', () => {
    const original = span({ name: 'a', id: '1', attributes: { ...secret } });
    copySpan(original, strict());
    expect(original.attributes).toEqual(secret);
  });
});

describe('a hook', () => {
  const digits = (text: string) => text.replace(/\d/g, '#');

  test('edits texts, also in lists, and receives their location', () => {
    const heard: unknown[] = [];
    const redaction = new Redaction({
      allowPii: false,
      redact: (text, about) => {
        heard.push(about);
        return digits(text);
      },
    });
    const given = { number: '0123', list: ['4', 'b'], count: 5, on: true };
    expect(redaction.attributes(given, 'trace')).toEqual({
      number: '####',
      list: ['#', 'b'],
      count: 5,
      on: true,
    });
    expect(heard[0]).toEqual({ key: 'number', signal: 'trace' });
  });

  test('removes a text by returning undefined or by throwing', () => {
    const redaction = new Redaction({
      allowPii: false,
      redact: (text) => {
        if (text === 'bad') throw new Error('cannot judge');
        return text === 'secret' ? undefined : text;
      },
    });
    expect(redaction.attributes({ a: 'bad', b: 'secret', c: 'fine' }, 'log')).toEqual({ c: 'fine' });
    expect(redaction.text('bad', 'body', 'log')).toBeUndefined();
  });

  test('receives the result of the previous hook', () => {
    const redaction = new Redaction({ allowPii: false, redact: digits });
    redaction.add((text) => text.replaceAll('#', 'no'));
    expect(redaction.text('7', 'body', 'log')).toBe('no');
  });
});

test('a text is truncated at the limit of backends', () => {
  expect(lax().text('a'.repeat(20_000), 'body', 'log')?.length).toBe(maxText);
});
