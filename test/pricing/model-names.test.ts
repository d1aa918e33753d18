import { describe, expect, test } from 'vitest';
import { matches, providerOf, withoutVersion } from '../../src/pricing/model-names.ts';

describe('a provider', () => {
  test.each([
    ['openai', 'openai'],
    ['api.openai.com', 'openai'],
    ['Deepgram', 'deepgram'],
    ['ElevenLabs', 'elevenlabs'],
    ['Gemini', 'google'],
    ['Vertex AI', 'google'],
    ['api.x.ai', 'xai'],
    ['contoso.openai.azure.com', 'azure'],
    ['localhost:11434', 'localhost:11434'],
    ['openai.example.com', 'openai.example.com'],
    ['constructor', 'constructor'],
    ['__proto__', '__proto__'],
    ['', ''],
  ])('that calls itself %j is %j', (name, provider) => expect(providerOf(name)).toBe(provider));
});

describe('a model', () => {
  test.each([
    ['gpt-4o-mini-2024-07-18', 'gpt-4o-mini'],
    ['claude-haiku-4-5-20251001', 'claude-haiku-4-5'],
    ['claude-3-5-sonnet@20240620', 'claude-3-5-sonnet'],
    ['gemini-2.0-flash-001', 'gemini-2.0-flash'],
    ['gpt-4-0613', 'gpt-4'],
    ['sonic-3-latest', 'sonic-3'],
    ['gemini-2.5-flash-preview-09-2025', 'gemini-2.5-flash-preview'],
  ])('%s is %s in a version', (name, base) => expect(withoutVersion(name)).toBe(base));

  test.each(['nova-3', 'gpt-4.1', 'eleven_flash_v2_5', 'whisper-1', 'gpt-4o-mini', '-2024-07-18'])(
    '%s has no version',
    (name) => expect(withoutVersion(name)).toBeUndefined(),
  );
});

describe('a pattern', () => {
  test.each([
    ['sonic*', 'sonic-2', true],
    ['sonic*', 'sonic', true],
    ['sonic*', 'a-sonic', false],
    ['*-mini', 'gpt-4o-mini', true],
    ['*', '', true],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'a-c', false],
    ['aa*aa', 'aaa', false],
    ['a*b*b', 'ab', false],
    ['sonic', 'sonic-2', false],
    ['s.nic*', 'sonic', false],
  ])('%s and %s: %s', (pattern, name, is) => expect(matches(pattern, name)).toBe(is));

  test('that is made to be slow takes no longer: backtracking would not end', () => {
    expect(matches(`${'*a'.repeat(140)}*b`, 'a'.repeat(128))).toBe(false);
    expect(matches(`${'a*'.repeat(40)}b`, 'a'.repeat(128))).toBe(false);
  });
});
