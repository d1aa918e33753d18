import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  type ContextManager,
  context,
  ROOT_CONTEXT,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { DuplicateDetection } from '../../../src/agent/livekit/duplicate-events.ts';
import {
  Exemplars,
  SessionListener,
  sessionEventNames,
} from '../../../src/agent/livekit/session-listener.ts';
import type { Observation } from '../../../src/catalogue/observation.ts';
import { createRecorder } from '../../../src/metrics/recorder.ts';
import { start } from './call.ts';
import { llmMetrics, ttsMetrics } from './sdk-metrics.ts';

describe('a session listener', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const spanId = '00f067aa0ba902b7';

  /** A minimal version of OpenTelemetry's context manager. */
  class Contexts implements ContextManager {
    readonly #storage = new AsyncLocalStorage<Context>();
    active = () => this.#storage.getStore() ?? ROOT_CONTEXT;
    with: ContextManager['with'] = (active, work, self, ...args) =>
      this.#storage.run(active, () => work.apply(self, args));
    bind: ContextManager['bind'] = (_, target) => target;
    enable = () => this;
    disable = () => this;
  }

  beforeAll(() => {
    context.setGlobalContextManager(new Contexts());
  });
  afterAll(() => context.disable());

  let observations: Observation[];
  let feed: SessionListener;
  beforeEach(() => {
    observations = [];
    feed = new SessionListener({
      sink: (observation) => observations.push(observation),
      duplicates: new DuplicateDetection(false),
    });
  });

  const answered = (requestId: string) =>
    feed.event('metrics_collected', {
      type: 'metrics_collected',
      metrics: llmMetrics({ requestId }),
      createdAt: start,
    });
  /** Runs a function within a span. */
  const within = (given: { traceFlags?: TraceFlags; spanId?: string }, work: () => void) => {
    const span = trace.wrapSpanContext({ traceId, spanId, traceFlags: TraceFlags.SAMPLED, ...given });
    context.with(trace.setSpan(ROOT_CONTEXT, span), work);
  };
  const exemplars = (metric: string) =>
    observations.filter((one) => one.metric === metric).map(({ exemplar }) => exemplar);

  describe('an exemplar', () => {
    test('is the span in which the SDK emitted the event', () => {
      within({}, () => answered('a'));
      expect(exemplars('lk_agents_llm_ttft_seconds')).toEqual([{ trace_id: traceId, span_id: spanId }]);
    });

    test('is set for histograms and not for counters', () => {
      within({}, () => answered('a'));
      expect(exemplars('lk_agents_llm_requests_total')).toEqual([undefined]);
      expect(exemplars('lk_agents_usage_llm_input_tokens_total')).toEqual([undefined]);
    });

    test("is the session's trace without a span, because a session is one trace", () => {
      within({}, () => answered('a'));
      answered('b');
      expect(exemplars('lk_agents_llm_ttft_seconds')[1]).toEqual({ trace_id: traceId });
    });

    test.each([
      ['outside of any span', () => answered('a')],
      ['in a span that is not sampled', () => within({ traceFlags: TraceFlags.NONE }, () => answered('a'))],
      ['in an invalid span', () => within({ spanId: '0000000000000000' }, () => answered('a'))],
    ])('is missing %s', (_, work) => {
      work();
      expect(exemplars('lk_agents_llm_ttft_seconds')).toEqual([undefined]);
    });

    test('is exposed in OpenMetrics with the value of its sample', async () => {
      const recorder = createRecorder();
      const identity = { agent_name: 'a', agent_version: '1' };
      const sink = (observation: Observation) => recorder.record(observation, identity);
      feed = new SessionListener({ sink, duplicates: new DuplicateDetection(false) });
      within({}, () => answered('a'));
      const line = (await recorder.expose('openmetrics'))
        .split('\n')
        .find((one) => one.startsWith('lk_agents_llm_ttft_seconds_bucket') && one.includes('le="0.4"'));
      expect(line).toMatch(new RegExp(` 1 # {trace_id="${traceId}",span_id="${spanId}"} 0\\.4 \\d+\\.\\d+$`));
      expect(await recorder.expose('text')).not.toContain(traceId);
    });
  });

  test('the end of a speech is emitted as an event', () => {
    const speechHandle = {
      id: 'speech-1',
      interrupted: false,
      addDoneCallback(callback: (handle: object) => void) {
        this.interrupted = true;
        callback(this);
      },
    };
    feed.event('speech_created', { type: 'speech_created', speechHandle, createdAt: start } as never);
    expect(observations.filter(({ metric }) => metric === 'lk_agents_speech_interrupted_total')).toHaveLength(
      1,
    );
  });

  test('a closed listener records nothing', () => {
    feed.close();
    answered('a');
    feed.tick();
    feed.close();
    expect(observations).toEqual([]);
  });

  test('the listener handles all events of the SDK', () => {
    expect(sessionEventNames).toHaveLength(15);
    expect(sessionEventNames).not.toContain('speech_done');
  });

  test('the first event of a TTS known to stream is counted immediately', () => {
    const spoken = {
      type: 'metrics_collected',
      metrics: ttsMetrics({ streamed: true }),
      createdAt: start,
    } as const;
    const characters = () =>
      observations.filter(({ metric }) => metric === 'lk_agents_usage_tts_characters_total').length;
    feed.event('metrics_collected', spoken);
    expect(characters()).toBe(0);
    const knowing = new SessionListener({
      sink: (one) => observations.push(one),
      duplicates: new DuplicateDetection(false),
      streamingTts: [spoken.metrics.label],
    });
    knowing.event('metrics_collected', { ...spoken, metrics: ttsMetrics({ streamed: true }) });
    expect(characters()).toBe(1);
  });
});

describe('exemplars', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const spanOf = (spanId: string, name: string, traceFlags = TraceFlags.SAMPLED) =>
    Object.assign(trace.wrapSpanContext({ traceId, spanId, traceFlags }), { name });
  const active = (span?: ReturnType<typeof spanOf>) => vi.spyOn(trace, 'getActiveSpan').mockReturnValue(span);

  const turn = spanOf('00000000000000aa', 'agent_turn');
  const session = spanOf('00000000000000bb', 'agent_session');
  const request = spanOf('00000000000000cc', 'llm_request');
  /** A speech with a started turn. */
  const handle = { id: 's1', _agentTurnContext: trace.setSpan(ROOT_CONTEXT, turn) };
  function create(muted?: (id: string) => boolean) {
    const exemplars = new Exemplars(muted);
    exemplars.speechCreated(handle as never);
    return exemplars;
  }

  test.each([
    ['the measured span', request, 's1', '00000000000000cc'],
    ["the turn's, where the whole session is active", session, 's1', '00000000000000aa'],
    ["the turn's, where nothing is active", undefined, 's1', '00000000000000aa'],
    ['the session, without a known turn', session, 's2', '00000000000000bb'],
  ])('it is %s', (_, span, speech, expected) => {
    active(span);
    expect(create().current(speech)).toEqual({ trace_id: traceId, span_id: expected });
  });

  test('without an active span it is the trace of the session', () => {
    const exemplars = create();
    active(session);
    exemplars.current();
    active(undefined);
    expect(exemplars.current()).toEqual({ trace_id: traceId });
  });

  test('there is no exemplar for a trace that is not sampled or not exported', () => {
    active(spanOf('00000000000000dd', 'llm_request', TraceFlags.NONE));
    expect(create().current()).toBeUndefined();
    active(request);
    expect(create((id) => id === traceId).current('s1')).toBeUndefined();
  });
});
