import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { llm, voice } from '@livekit/agents';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { openEventLog } from '../../../src/agent/livekit/event-log.ts';
import { observe } from '../../../src/agent/livekit/observe.ts';
import { replay } from '../../../src/agent/livekit/replay.ts';
import { createRecorder, type Recorder } from '../../../src/metrics/recorder.ts';
import { openPrices } from '../../../src/pricing/cost.ts';
import { start as callStart } from './call.ts';
import { FakeLlm, FakeTts } from './fakes.ts';
import { llmMetrics } from './sdk-metrics.ts';
import { ask, createSession, start } from './sessions.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'talkgauge-recording-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A job that the test can end. */
function job(id = 'job-1') {
  const callbacks: (() => Promise<void>)[] = [];
  return {
    ctx: {
      job: { id, agentName: 'front-desk' },
      addShutdownCallback: (end: () => Promise<void>) => callbacks.push(end),
    } as never,
    end: () => Promise.all(callbacks.map((callback) => callback())),
  };
}

const linesOf = (file: string) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const identity = { agent_name: 'front-desk', agent_version: 'unknown' };

async function replayed(files: readonly string[]): Promise<Recorder> {
  const { derivation, states } = openPrices();
  const recorder = createRecorder({ identity: () => identity, derivation, states });
  recorder.introduce(identity);
  for (const file of files) {
    const { skipped } = await replay({
      input: Readable.from([readFileSync(file)]),
      sink: (observation) => recorder.record(observation, identity),
      onProblem: (line, problem) => expect.fail(`line ${line}: ${problem}`),
    });
    expect(skipped).toBe(0);
  }
  return recorder;
}

/** An exposition with rounded values, because sums depend on the order of addition. */
async function shown(recorder: Recorder): Promise<string[]> {
  const rounded = (line: string) =>
    line.replace(/ (\d+\.\d+)$/, (_, value) => ` ${Number(value).toFixed(9)}`);
  return (await recorder.expose('text')).split('\n').map(rounded).sort();
}

describe('the replay of an event log or report exposes the same samples as the live session', () => {
  const parameters = z.object({});
  const execute = async () => {
    throw new llm.ToolError('no tables');
  };
  const tools = [llm.tool({ name: 'book', description: 'Books.', parameters, execute })];
  const failing = () => {
    const model = new FakeLlm({ fails: 1 });
    return { llm: model };
  };

  test.each<
    [string, Parameters<typeof createSession>[0], ((session: voice.AgentSession) => Promise<unknown>)?]
  >([
    ['with two turns', {}],
    ['with tools', { llm: new FakeLlm({ tool: 'book' }) }],
    ['with an error', failing()],
    [
      'with a voice that cannot stream',
      { tts: new FakeTts({ streaming: false }), llm: new FakeLlm({ text: 'One two three. Four five six.' }) },
    ],
    ['with a TTS that fails', { tts: new FakeTts({ fails: 1 }) }],
    [
      'with an interruption',
      { llm: new FakeLlm({ delay: 200 }) },
      async (session) => {
        const speech = session.generateReply({ userInput: 'hello' });
        await vi.waitFor(() => expect(session.agentState).toBe('thinking'));
        speech.interrupt();
        await speech.waitForPlayout();
      },
    ],
    [
      'that was started twice',
      {},
      async (session) => {
        await session.close();
        await start(session);
        session.generateReply({ userInput: 'hello' });
        await vi.waitFor(() => expect(session.history.items.length).toBeGreaterThan(4));
      },
    ],
    [
      'with invalid events and implausible values',
      {},
      async (session) => {
        for (const ttftMs of [-1, Number.NaN, Number.POSITIVE_INFINITY, -5, 9e9]) {
          const metrics = llmMetrics({ ttftMs, requestId: `r${ttftMs}` });
          session.emit('metrics_collected' as never, ...([{ metrics, createdAt: Date.now() }] as never));
        }
      },
    ],
  ])('%s', async (_, models, then) => {
    const session = createSession(models);
    const { ctx, end } = job();
    const file = join(folder, 'call.jsonl');
    const reports = join(folder, 'reports');
    const { recorder } = observe(session, ctx, { recordTo: file, report: { to: reports } });
    await start(session, tools);
    for (const text of ['one', 'two']) await ask(session, text);
    await then?.(session);
    await session.close();
    // Read before the report itself is counted.
    const live = await shown(recorder!);
    await end();
    expect(await recorder!.expose('text')).toContain(
      'lk_agents_session_duration_seconds_count{agent_name="front-desk"',
    );
    expect(await shown(await replayed([file]))).toEqual(live);
    const [report = ''] = readdirSync(reports);
    expect(await shown(await replayed([join(reports, report)]))).toEqual(live);
  });

  test('with a file per session, for two sessions that share models', async () => {
    const models = { llm: new FakeLlm(), tts: new FakeTts() };
    const [one, other] = [createSession(models), createSession(models)];
    const { ctx, end } = job();
    const { recorder } = observe(one, ctx, { recordTo: `${folder}/` });
    observe(other, ctx, { recordTo: `${folder}/` });
    for (const session of [one, other]) await start(session);
    await ask(one, 'one');
    await ask(other, 'two');
    await ask(one, 'three');
    for (const session of [one, other]) await session.close();
    await end();
    const files = readdirSync(folder).map((name) => join(folder, name));
    expect(files).toHaveLength(2);
    expect(await recorder!.expose('text')).toMatch(
      /talkgauge_duplicate_events_total\{.*type="llm_metrics"\} 3/,
    );
    expect(await shown(await replayed(files))).toEqual(await shown(recorder!));
  });

  test('with one file for both sessions', async () => {
    const file = join(folder, 'calls.jsonl');
    const { ctx, end } = job();
    const sessions = [createSession(), createSession()];
    const [recorder] = sessions.map((session) => observe(session, ctx, { recordTo: file }).recorder!);
    for (const session of sessions) await start(session);
    await Promise.all(sessions.map((session) => ask(session, 'hello')));
    for (const session of sessions) await session.close();
    await end();
    expect(new Set(linesOf(file).map(({ session }) => session)).size).toBe(2);
    expect(await shown(await replayed([file]))).toEqual(await shown(recorder!));
  });
});

describe('content', () => {
  const canary = 'CANARY';
  /** Every event that can contain content, with content in every possible field. */
  async function recorded(transcripts: boolean): Promise<string> {
    const recording = openEventLog(`${folder}/`, { transcripts });
    const error = Object.assign(new Error(canary), {
      body: canary,
      cause: canary,
      request: { prompt: canary },
    });
    const createdAt = callStart;
    const message = llm.ChatMessage.create({
      role: 'user',
      content: [canary],
      extra: { note: canary, amount: 4711 },
    });
    Object.assign(message, { hash: canary, thoughts: [canary] });
    const functionCall = llm.FunctionCall.create({
      callId: 'c',
      name: 'book',
      args: `{"guest":"${canary}"}`,
    });
    functionCall.extra = { google: { thoughtSignature: canary } };
    const output = llm.FunctionCallOutput.create({
      callId: 'c',
      name: 'book',
      output: canary,
      isError: true,
    });
    const speechHandle = voice.SpeechHandle.create();
    const events: Record<string, object> = {
      conversation_item_added: { item: message },
      user_input_transcribed: { transcript: canary, isFinal: true },
      function_tools_executed: { functionCalls: [functionCall], functionCallOutputs: [output] },
      error: { error: { type: 'llm_error', label: 'acme.LLM', recoverable: true, error, detail: canary } },
      close: { reason: 'error', error: { type: 'llm_error', error: canary } },
      speech_created: { speechHandle, source: 'say', userInitiated: true, text: canary },
      debug_message: { payload: { canary } },
      overlapping_speech: { isInterruption: true, speechInput: new Int16Array(9), transcript: canary },
      metrics_collected: { metrics: llmMetrics({ prompt: canary } as object) },
      agent_state_changed: { newState: 'listening', note: canary },
    };
    for (const [name, event] of Object.entries(events))
      recording.write(name as never, { type: name, createdAt, ...event } as never);
    await recording.close();
    return readFileSync(join(folder, readdirSync(folder)[0]!), 'utf8');
  }

  test('is not recorded by default', async () => {
    const text = await recorded(false);
    expect(text).not.toContain(canary);
    expect(text).not.toContain('4711');
    expect(text).toContain('"name":"book"');
    expect(text.trim().split('\n')).toHaveLength(8);
  });

  test('is recorded with recordTranscripts', async () => {
    const text = await recorded(true);
    expect(text).toContain(`"content":["${canary}"]`);
    expect(text).toContain(`"transcript":"${canary}"`);
    expect(text).toContain(`{\\"guest\\":\\"${canary}\\"}`);
    expect(text).toContain(`"output":"${canary}"`);
    expect(text).toContain(`"message":"${canary}"`);
    expect(text).toContain('"amount":4711');
    expect(text).not.toContain('speechInput');
  });

  test('is not in the event log of a session unless its options enable it', async () => {
    const say = async (recordTranscripts?: boolean) => {
      const session = createSession({ llm: new FakeLlm({ text: 'the-answer' }) });
      const file = join(folder, `${recordTranscripts}.jsonl`);
      const { ctx, end } = job();
      observe(session, ctx, { recordTo: file, recordTranscripts });
      await start(session);
      await ask(session, 'the-question');
      await session.close();
      await end();
      const text = readFileSync(file, 'utf8');
      return ['the-question', 'the-answer', 'Be kind.'].map((part) => text.includes(part));
    };
    expect(await say()).toEqual([false, false, false]);
    expect(await say(true)).toEqual([true, true, false]);
  });
});

describe('an event log', () => {
  const event = { type: 'agent_state_changed', newState: 'listening', createdAt: callStart } as never;

  test('has one line per event with its time and session', async () => {
    const recording = openEventLog(join(folder, 'a.jsonl'), { job: 'AJ_1', transcripts: false });
    recording.write('agent_state_changed', event);
    recording.write('agent_state_changed', event, true);
    await recording.close();
    const [first, second] = linesOf(join(folder, 'a.jsonl'));
    expect(first).toEqual({
      t: expect.any(Number),
      session: expect.stringMatching(/^AJ_1-[0-9a-f-]{36}$/),
      event: 'agent_state_changed',
      payload: { type: 'agent_state_changed', newState: 'listening', createdAt: callStart },
    });
    expect(second).toEqual({ ...first, t: expect.any(Number), repeated: true });
  });

  test('is appended to an existing file', async () => {
    for (let i = 0; i < 2; i++) {
      const recording = openEventLog(join(folder, 'a.jsonl'), { transcripts: false });
      recording.write('agent_state_changed', event);
      await recording.close();
    }
    expect(linesOf(join(folder, 'a.jsonl'))).toHaveLength(2);
  });

  test('creates its folder and is readable by its owner only', async () => {
    const file = join(folder, 'new', 'deep', 'a.jsonl');
    await openEventLog(file, { transcripts: false }).close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('of a job with an id that is not a file name has a valid name', async () => {
    const recording = openEventLog(`${folder}/`, { job: '../../etc/passwd', transcripts: false });
    await recording.close();
    expect(readdirSync(folder)).toEqual([
      expect.stringMatching(/^\.\._\.\._etc_passwd-[0-9a-f-]{36}\.jsonl$/),
    ]);
  });

  test('contains the start and end times of tools', async () => {
    const recording = openEventLog(join(folder, 'a.jsonl'), { transcripts: false });
    const functionCalls = [llm.FunctionCall.create({ callId: 'c', name: 'book', args: '{}' })];
    const functionCallOutputs = [llm.FunctionCallOutput.create({ callId: 'c', output: '', isError: false })];
    functionCalls[0]!.createdAt = callStart;
    functionCallOutputs[0]!.createdAt = callStart + 250;
    recording.write('function_tools_executed', { functionCalls, functionCallOutputs } as never);
    await recording.close();
    const { payload } = linesOf(join(folder, 'a.jsonl'))[0];
    expect(payload.functionCalls[0]).toMatchObject({ name: 'book', createdAt: callStart });
    expect(payload.functionCallOutputs[0]).toMatchObject({ isError: false, createdAt: callStart + 250 });
  });

  test.each([
    [
      'with a cycle',
      () => {
        const a: { a?: object } = {};
        a.a = a;
        return a;
      },
    ],
    ['with a big integer', () => ({ count: 12n })],
    ['with a function and a symbol', () => ({ f: () => {}, s: Symbol('s') })],
  ])('of an event %s is a valid line', async (_, make) => {
    const recording = openEventLog(join(folder, 'a.jsonl'), { transcripts: true });
    recording.write('debug_message', make() as never);
    await recording.close();
    expect(linesOf(join(folder, 'a.jsonl'))).toHaveLength(1);
  });

  test('that is closed ignores further events', async () => {
    const recording = openEventLog(join(folder, 'a.jsonl'), { transcripts: false });
    await recording.close();
    recording.write('agent_state_changed', event);
    await recording.close();
    expect(readFileSync(join(folder, 'a.jsonl'), 'utf8')).toBe('');
  });

  test('that cannot be written logs the next step', () => {
    expect(() => openEventLog('/dev/null/a.jsonl', { transcripts: false })).toThrow(
      /^recordTo: .*; give a file or folder that can be written$/,
    );
  });
});
