import { initializeLogger, llm, type metrics, type tts } from '@livekit/agents';
import { beforeAll, describe, expect, test } from 'vitest';
import { Faults, type Reply, Script } from '../../../src/simulate/dialogue.ts';
import { llms, ttss } from '../../../src/simulate/fleet.ts';
import type { IncidentName } from '../../../src/simulate/incidents.ts';
import { SimulatedLlm } from '../../../src/simulate/models/llm.ts';
import { SimulatedTts } from '../../../src/simulate/models/tts.ts';
import { createRandom } from '../../../src/simulate/random.ts';

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

const during = (...names: IncidentName[]) => ({ active: (name: IncidentName) => names.includes(name) });

describe('an LLM', () => {
  function start(reply: Reply, model: keyof typeof llms = 'gpt-4o-mini', incidents = during()) {
    const script = new Script([{ text: 'Hello.' }]);
    script.expect('is it open', reply);
    const brain = new SimulatedLlm({ model: llms[model], random: createRandom('llm'), script, incidents });
    const collected: metrics.LLMMetrics[] = [];
    const errors: { recoverable: boolean; message: string }[] = [];
    brain.on('metrics_collected', (event) => collected.push(event));
    brain.on('error', ({ recoverable, error }) => errors.push({ recoverable, message: error.message }));
    const chatCtx = llm.ChatContext.empty();
    chatCtx.addMessage({ role: 'user', content: 'is it open' });
    const ask = async () => {
      const stream = brain.chat({
        chatCtx,
        connOptions: { maxRetry: 2, retryIntervalMs: 1, timeoutMs: 5000 },
      });
      const response = await stream.collect();
      // The metrics are emitted when the stream's reader has reached the end.
      while (collected.length === 0) await new Promise((done) => setTimeout(done, 5));
      return response;
    };
    return { ask, collected, errors, chatCtx };
  }

  test('streams the scripted answer, and the SDK measures it', async () => {
    const { ask, collected, errors } = start([{ text: 'Yes, from six thirty on.' }]);
    const response = await ask();
    expect(response.text).toBe('Yes, from six thirty on.');
    expect(errors).toEqual([]);
    expect(collected).toMatchObject([
      {
        completionTokens: 6,
        promptTokens: 623,
        cancelled: false,
        metadata: { modelProvider: 'openai', modelName: 'gpt-4o-mini' },
      },
    ]);
    expect(collected[0]?.ttftMs).toBeGreaterThan(50);
  });

  test('calls tools, and answers after their results', async () => {
    const { ask, chatCtx } = start([
      { tools: [{ name: 'look', args: { day: 'Sunday' } }] },
      { text: 'It is.' },
    ]);
    const { toolCalls } = await ask();
    expect(toolCalls.map(({ name, args }) => [name, args])).toEqual([['look', '{"day":"Sunday"}']]);
    const { callId, name } = toolCalls[0] as llm.FunctionCall;
    chatCtx.insert([
      toolCalls[0] as llm.FunctionCall,
      llm.FunctionCallOutput.create({ callId, name, output: 'ok', isError: false }),
    ]);
    expect((await ask()).text).toBe('It is.');
  });

  test('recovers from a lost connection', async () => {
    const { ask, errors } = start([{ text: 'Yes.', fault: 'once' }]);
    expect((await ask()).text).toBe('Yes.');
    expect(errors).toEqual([{ recoverable: true, message: 'simulated: the connection was reset' }]);
  });

  test('fails without retries on a permanent error', async () => {
    const { ask, errors, collected } = start([{ fault: 'fatal' }]);
    expect((await ask()).text).toBe('');
    expect(errors).toEqual([{ recoverable: false, message: 'simulated: the request was refused' }]);
    expect(collected).toMatchObject([{ ttftMs: -1, completionTokens: 0 }]);
  });

  test('may give an empty answer', async () => {
    const { ask, errors, collected } = start([{ text: 'unsaid', fault: 'empty' }]);
    expect((await ask()).text).toBe('');
    expect([errors, collected[0]?.ttftMs]).toEqual([[], -1]);
  });

  test('of openai fails during the provider outage, and those of other providers do not', async () => {
    const down = during('provider-down');
    const openai = start([{ text: 'Yes.' }], 'gpt-4.1', down);
    expect((await openai.ask()).text).toBe('');
    expect(openai.errors.map(({ recoverable }) => recoverable)).toEqual([true, true, false]);
    const anthropic = start([{ text: 'Yes.' }], 'claude-haiku', down);
    expect((await anthropic.ask()).text).toBe('Yes.');
    expect(anthropic.collected[0]?.cacheCreationTokens).toBe(623);
  });
});

describe('a TTS', () => {
  function start(model: keyof typeof ttss, faults = new Faults()) {
    const mouth = new SimulatedTts({
      model: ttss[model],
      random: createRandom('tts'),
      faults,
      incidents: during(),
    });
    const collected: metrics.TTSMetrics[] = [];
    const errors: string[] = [];
    mouth.on('metrics_collected', (event) => collected.push(event));
    mouth.on('error', ({ error }) => errors.push(error.message));
    const connOptions = { maxRetry: 1, retryIntervalMs: 1, timeoutMs: 5000 };
    const speak = async (text: string) => {
      const stream = mouth.stream({ connOptions });
      stream.pushText(text);
      stream.endInput();
      return length(stream);
    };
    return { mouth, collected, errors, connOptions, speak };
  }

  /** Duration of the audio in a stream, in milliseconds. */
  async function length(stream: AsyncIterable<tts.SynthesizedAudio | symbol>): Promise<number> {
    let ms = 0;
    for await (const audio of stream) {
      if (typeof audio !== 'symbol') ms += (audio.frame.samplesPerChannel / audio.frame.sampleRate) * 1000;
    }
    return ms;
  }

  const text = 'The pool opens early. It closes at nine.';

  test('speaks a text at the speed of people, and the SDK measures it', async () => {
    const { speak, collected } = start('sonic-2');
    // 40 characters of 62 ms, with each of the two sentences rounded to 100 ms.
    expect(await speak(text)).toBe(2500);
    expect(collected).toMatchObject([
      { charactersCount: 40, audioDurationMs: 2500, streamed: true, inputTokens: 0, cancelled: false },
    ]);
    expect(collected[0]?.ttfbMs).toBeGreaterThan(20);
  });

  test('counts tokens if its model bills by token', async () => {
    const { mouth, collected, connOptions } = start('gpt-4o-mini-tts');
    expect(await length(mouth.synthesize(text, connOptions))).toBe(2500);
    expect(collected).toMatchObject([{ streamed: false, inputTokens: 10, outputTokens: 50 }]);
  });

  test('retries after a failure', async () => {
    const faults = new Faults();
    faults.arm('tts-once');
    const { speak, errors } = start('sonic-2', faults);
    expect([await speak(text), errors]).toEqual([2500, []]);
  });

  test('does not retry a permanent error', async () => {
    const faults = new Faults();
    faults.arm('tts-fatal');
    const { speak, errors, collected } = start('sonic-2', faults);
    expect([await speak(text), errors, collected]).toEqual([0, ['simulated: the voice does not exist'], []]);
  });
});
