import { openEventLog } from '../../../src/agent/livekit/event-log.ts';
import { observe } from '../../../src/agent/livekit/observe.ts';
import { isRedactionDemanded, resolveObserveOptions } from '../../../src/agent/livekit/observe-options.ts';
import { Redaction } from '../../../src/agent/telemetry/redaction.ts';
import { OptionError } from '../../../src/options.ts';
import './fakes.ts';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { voice } from '@livekit/agents';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ask, createSession } from './sessions.ts';

describe('options', () => {
  afterEach(() => vi.unstubAllEnvs());

  function resolve(options: object = {}, env: Record<string, string> = {}, jobsName?: string) {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    return resolveObserveOptions(options, jobsName);
  }

  test('the defaults record no event log and have an unknown agent', () => {
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
      ['the default', {}, {}, undefined, 'unknown'],
    ])('is read from %s', (_, options, variables, jobsName, expected) => {
      expect(resolve(options, { ...variables }, jobsName).identity.agent_name).toBe(expected);
    });
  });

  describe('the version of the agent', () => {
    const env = { TALKGAUGE_AGENT_VERSION: 'ours', LIVEKIT_AGENT_DEPLOYMENT: 'livekit' };
    test.each([
      ['its argument', { agentVersion: 'argument' }, env, 'argument'],
      ["Talkgauge's variable", {}, env, 'ours'],
      ["LiveKit's variable", {}, { LIVEKIT_AGENT_DEPLOYMENT: 'livekit' }, 'livekit'],
      ['the default', {}, {}, 'unknown'],
    ])('is read from %s', (_, options, variables, expected) => {
      expect(resolve(options, { ...variables }).identity.agent_version).toBe(expected);
    });
  });

  describe.each([
    ['recordTo', 'TALKGAUGE_RECORD_TO', 'a.jsonl', 'b.jsonl', 'b.jsonl'],
    ['recordTranscripts', 'TALKGAUGE_RECORD_TRANSCRIPTS', false, 'yes', true],
    ['openTelemetry', 'TALKGAUGE_OPEN_TELEMETRY', true, 'off', false],
  ] as const)('%s', (option, variable, argument, text, read) => {
    test('is read from its argument or else from its variable', () => {
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
  ])('%s=%j is an error with the name of the option', (option, value) => {
    expect(() => resolve({ [option]: value })).toThrow(OptionError);
    expect(() => resolve({ [option]: value })).toThrow(new RegExp(`^${option}=`));
  });
});

describe('required redaction', () => {
  beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
  afterEach(() => void vi.restoreAllMocks());

  const session = (flag?: unknown, redaction?: unknown) => ({
    ...(flag !== undefined && { _redactionEnabled: flag }),
    ...(redaction !== undefined && { sessionOptions: { recordingOptions: { redaction } } }),
  });
  const job = (enableRedaction: boolean) => ({ job: { enableRedaction } }) as never;

  test.each<[string, object, boolean | undefined, boolean]>([
    ['the SDK flag is false', session(false), undefined, false],
    ['the SDK flag is true', session(true), undefined, true],
    ['the job requires it and the session does not', session(false, false), true, true],
    ['the options require it and the flag is not set yet', session(false, true), undefined, true],
    ['neither the session nor the job defines it', session(), undefined, true],
    ['the session does not define it and the job does not require it', session(), false, true],
    [
      'the flag is missing, and options and job are false, their defaults',
      session(undefined, false),
      false,
      true,
    ],
    ['the flag is missing and the options are invalid', session(undefined, 'no'), false, true],
    ['the flag is not a boolean', session('no'), false, true],
  ])('when %s', (_, given, ofJob, demanded) => {
    expect(isRedactionDemanded(given, ofJob === undefined ? undefined : job(ofJob))).toBe(demanded);
  });

  test('a session of the installed SDK has the flag false until the SDK has read its options', () => {
    const one = createSession();
    expect(isRedactionDemanded(one, undefined)).toBe(false);
    expect(console.warn).not.toHaveBeenCalled();
    (one as unknown as { _redactionEnabled: boolean })._redactionEnabled = true;
    expect(isRedactionDemanded(one, undefined)).toBe(true);
  });

  describe('an event log with content', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));
    const heard = { type: 'user_input_transcribed', transcript: 'my name is Ada', isFinal: true } as never;

    test('contains no content of a session from the time redaction is required', async () => {
      const file = join(folder, 'events.jsonl');
      let demanded = false;
      const recording = openEventLog(file, { transcripts: true, withheld: () => demanded });
      recording.write('user_input_transcribed', heard);
      demanded = true;
      recording.write('user_input_transcribed', heard);
      recording.write('conversation_item_added', {
        type: 'conversation_item_added',
        item: { type: 'message', role: 'user', content: ['my name is Ada'] },
      } as never);
      await recording.close();
      const lines = readFileSync(file, 'utf8').trim().split('\n');
      expect(lines.map((line) => line.includes('Ada'))).toEqual([true, false]);
    });

    test('contains no content if the SDK does not define whether redaction is required', async () => {
      const file = join(folder, 'events.jsonl');
      const one = createSession();
      delete (one as unknown as { _redactionEnabled?: boolean })._redactionEnabled;
      (one.sessionOptions as { recordingOptions?: object }).recordingOptions = {};
      const { close } = observe(one, undefined, { recordTo: file, recordTranscripts: true });
      await one.start({ agent: new voice.Agent({ instructions: 'Be kind.' }), record: false });
      delete (one as unknown as { _redactionEnabled?: boolean })._redactionEnabled;
      (one.sessionOptions as { recordingOptions?: object }).recordingOptions = {};
      await ask(one, 'my name is Ada');
      close();
      await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toContain('"conversation_item_added"'));
      expect(readFileSync(file, 'utf8')).not.toContain('Ada');
    });
  });

  describe('allowed content in spans and log lines', () => {
    test('is removed permanently once one of the sessions requires redaction', () => {
      const redaction = new Redaction({ allowPii: true });
      let demanded = false;
      redaction.withhold(() => false);
      redaction.withhold(() => demanded);
      const given = { 'lk.pii.name': 'Ada', 'lk.turns': 1 };
      expect(redaction.attributes(given, 'log')).toEqual(given);
      demanded = true;
      expect(redaction.attributes(given, 'log')).toEqual({ 'lk.turns': 1 });
      demanded = false;
      expect(redaction.allowPii).toBe(false);
    });
  });
});
