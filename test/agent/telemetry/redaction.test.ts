import { describe, expect, test } from 'vitest';
import { maxText, Redaction } from '../../../src/agent/telemetry/redaction.ts';
import { copySpan } from '../../../src/agent/telemetry/span-pipeline.ts';
import { span } from './spans.ts';

const strict = () => new Redaction({ allowPii: false });
const lax = () => new Redaction({ allowPii: true });

describe('of a span', () => {
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

  test('attributes with content are left out, and others are not', () => {
    expect(
      copySpan(span({ name: 'a', id: '1', attributes: { ...secret, ...open } }), strict()).attributes,
    ).toEqual(open);
    expect(copySpan(span({ name: 'a', id: '1', attributes: secret }), lax()).attributes).toEqual(secret);
  });

  test('events that hold messages are left out, and of others the attributes with content', () => {
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

  test('the message of a failure is left out', () => {
    const failed = span({ name: 'a', id: '1', failed: true, message: 'no table for Ms Miller' });
    expect(copySpan(failed, strict()).status).toEqual({ code: 2, message: 'exception details redacted' });
    expect(copySpan(failed, lax()).status).toEqual({ code: 2, message: 'no table for Ms Miller' });
  });

  test('content is left out where LiveKit demands redaction, though it is allowed', () => {
    const attributes = { 'lk.redaction.enabled': true, 'lk.pii.user_input': 'x' };
    expect(copySpan(span({ name: 'a', id: '1', attributes }), lax()).attributes).toEqual({
      'lk.redaction.enabled': true,
    });
  });

  test('the span itself stays as it is, for others see it too', () => {
    const original = span({ name: 'a', id: '1', attributes: { ...secret } });
    copySpan(original, strict());
    expect(original.attributes).toEqual(secret);
  });
});

describe('a hook', () => {
  const digits = (text: string) => text.replace(/\d/g, '#');

  test('edits texts, also in lists, and is reported where they are', () => {
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

  test('may withhold a text, and withholds it by failing', () => {
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

  test('gets what the hook before it has left', () => {
    const redaction = new Redaction({ allowPii: false, redact: digits });
    redaction.add((text) => text.replaceAll('#', 'no'));
    expect(redaction.text('7', 'body', 'log')).toBe('no');
  });
});

test('a text is cut where backends would', () => {
  expect(lax().text('a'.repeat(20_000), 'body', 'log')?.length).toBe(maxText);
});
