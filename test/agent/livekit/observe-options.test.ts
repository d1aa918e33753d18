import { afterEach, describe, expect, test, vi } from 'vitest';
import { resolveObserveOptions } from '../../../src/agent/livekit/observe-options.ts';
import { OptionError } from '../../../src/options.ts';

afterEach(() => vi.unstubAllEnvs());

function resolve(options: object = {}, env: Record<string, string> = {}, jobsName?: string) {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  return resolveObserveOptions(options, jobsName);
}

test('the defaults record nothing, and know nobody', () => {
  expect(resolve()).toEqual({
    identity: { agent_name: 'unknown', agent_version: 'unknown' },
    record: { audio: false, transcript: false, traces: true, logs: true },
    recordTo: undefined,
    recordTranscripts: false,
    openTelemetry: true,
  });
});

describe('the name of the agent', () => {
  const env = { TALKGAUGE_AGENT_NAME: 'ours', LIVEKIT_AGENT_NAME: 'livekit' };
  test.each([
    ['its argument', { agentName: 'argument' }, env, 'job', 'argument'],
    ["Talkgauge's variable", {}, env, 'job', 'ours'],
    ['the job', {}, { LIVEKIT_AGENT_NAME: 'livekit' }, 'job', 'job'],
    ["LiveKit's variable", {}, { LIVEKIT_AGENT_NAME: 'livekit' }, undefined, 'livekit'],
    [
      "LiveKit's variable, when the job was dispatched to no name",
      {},
      { LIVEKIT_AGENT_NAME: 'livekit' },
      '',
      'livekit',
    ],
    ['nowhere', {}, {}, undefined, 'unknown'],
  ])('is taken from %s', (_, options, variables, jobsName, expected) => {
    expect(resolve(options, { ...variables }, jobsName).identity.agent_name).toBe(expected);
  });
});

describe('the version of the agent', () => {
  const env = { TALKGAUGE_AGENT_VERSION: 'ours', LIVEKIT_AGENT_DEPLOYMENT: 'livekit' };
  test.each([
    ['its argument', { agentVersion: 'argument' }, env, 'argument'],
    ["Talkgauge's variable", {}, env, 'ours'],
    ["LiveKit's variable", {}, { LIVEKIT_AGENT_DEPLOYMENT: 'livekit' }, 'livekit'],
    ['nowhere', {}, {}, 'unknown'],
  ])('is taken from %s', (_, options, variables, expected) => {
    expect(resolve(options, { ...variables }).identity.agent_version).toBe(expected);
  });
});

describe.each([
  ['recordTo', 'TALKGAUGE_RECORD_TO', 'a.jsonl', 'b.jsonl', 'b.jsonl'],
  ['recordTranscripts', 'TALKGAUGE_RECORD_TRANSCRIPTS', false, 'yes', true],
  ['openTelemetry', 'TALKGAUGE_OPEN_TELEMETRY', true, 'off', false],
] as const)('%s', (option, variable, argument, text, read) => {
  test('is taken from its argument, and else from its variable', () => {
    expect(resolve({}, { [variable]: text })[option]).toBe(read);
    expect(resolve({ [option]: argument }, { [variable]: text })[option]).toBe(argument);
  });
});

test.each([
  ['agentName', 5],
  ['agentName', ''],
  ['agentVersion', {}],
  ['recordTo', true],
  ['recordTranscripts', 'perhaps'],
  ['openTelemetry', 'perhaps'],
])('%s=%j is an error that names it', (option, value) => {
  expect(() => resolve({ [option]: value })).toThrow(OptionError);
  expect(() => resolve({ [option]: value })).toThrow(new RegExp(`^${option}=`));
});
