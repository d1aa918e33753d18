/** Small, seeded and good enough to vary latencies (mulberry32). */
export function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const aModel = { llm: 'gpt-4o-mini', stt: 'nova-3', tts: 'sonic-2' };

/**
 * The events of a conversation as a session emits them, without end: 11 for each turn. Their fields, and how
 * many digits these have, are those of recorded sessions.
 */
export function* conversation({ seed = 1, models = aModel, prefix = 'job' } = {}) {
  const random = createRandom(seed);
  let now = 1_790_000_000_000;
  let number = 0;
  // The SDK's clock counts whole milliseconds.
  const pass = (ms) => {
    now += Math.round(ms);
    return now;
  };
  const metadata = (kind) => ({ modelProvider: `${kind}-provider`, modelName: models[kind] });
  const agent = (oldState, newState) => [
    'agent_state_changed',
    { type: 'agent_state_changed', oldState, newState, createdAt: now },
  ];
  const user = (oldState, newState) => [
    'user_state_changed',
    { type: 'user_state_changed', oldState, newState, createdAt: now },
  ];
  const metrics = (fields) => [
    'metrics_collected',
    { type: 'metrics_collected', metrics: fields, createdAt: now },
  ];
  const message = (item) => [
    'conversation_item_added',
    { type: 'conversation_item_added', item, createdAt: now },
  ];
  const id = (of) => `${prefix}-${of}-${++number}`;

  for (;;) {
    const speechId = id('speech');
    const transcription = 0.1 + random() * 0.3;
    const endOfTurn = transcription + random() * 0.3;
    const llm = 0.15 + random() ** 4 * 2;
    const tts = 0.08 + random() * 0.2;

    pass(400 + random() * 800);
    yield user('listening', 'speaking');
    pass(1500 + random() * 3000);
    yield user('speaking', 'listening');
    const stopped = now / 1000;
    pass(transcription * 1000);
    yield metrics({
      type: 'stt_metrics',
      timestamp: now,
      requestId: id('request'),
      label: 'bench.STT',
      durationMs: 0,
      audioDurationMs: Math.round(1500 + random() * 3000),
      inputTokens: 0,
      outputTokens: 0,
      streamed: true,
      metadata: metadata('stt'),
    });
    pass((endOfTurn - transcription) * 1000);
    yield metrics({
      type: 'eou_metrics',
      timestamp: now,
      endOfUtteranceDelayMs: endOfTurn * 1000,
      transcriptionDelayMs: transcription * 1000,
      onUserTurnCompletedDelayMs: 0,
      lastSpeakingTimeMs: stopped * 1000,
      speechId,
    });
    yield message({
      id: id('item'),
      type: 'message',
      role: 'user',
      interrupted: false,
      content: ['what is the weather like'],
      transcriptConfidence: 0.93,
      metrics: {
        startedSpeakingAt: stopped - 2,
        stoppedSpeakingAt: stopped,
        transcriptionDelay: transcription,
        endOfTurnDelay: endOfTurn,
        onUserTurnCompletedDelay: 0,
      },
    });
    yield agent('listening', 'thinking');
    pass(llm * 1000);
    const completionTokens = Math.round(10 + random() * 60);
    yield metrics({
      type: 'llm_metrics',
      timestamp: now,
      requestId: id('request'),
      label: 'bench.LLM',
      ttftMs: Math.round(llm * 1000),
      durationMs: Math.round(llm * 1000 + 300),
      cancelled: false,
      completionTokens,
      promptTokens: 900,
      promptCachedTokens: 512,
      cacheCreationTokens: 64,
      totalTokens: 900 + completionTokens,
      tokensPerSecond: completionTokens / (llm + 0.3),
      metadata: metadata('llm'),
      speechId,
    });
    pass(tts * 1000);
    yield agent('thinking', 'speaking');
    const started = now / 1000;
    yield metrics({
      type: 'tts_metrics',
      timestamp: now,
      requestId: id('request'),
      label: 'bench.TTS',
      ttfbMs: Math.round(tts * 1000),
      durationMs: Math.round(tts * 1000 + 80),
      charactersCount: completionTokens * 4,
      audioDurationMs: completionTokens * 240,
      cancelled: false,
      inputTokens: 0,
      outputTokens: 0,
      streamed: true,
      metadata: metadata('tts'),
      speechId,
    });
    pass(completionTokens * 240);
    yield message({
      id: id('item'),
      type: 'message',
      role: 'assistant',
      interrupted: false,
      content: ['It is fine today.'],
      metrics: {
        llmNodeTtft: llm + random() * 1e-3,
        ttsNodeTtfb: tts + random() * 1e-3,
        startedSpeakingAt: started,
        stoppedSpeakingAt: now / 1000,
        playbackLatency: random() * 0.02,
        e2eLatency: started - stopped,
      },
    });
    yield agent('speaking', 'listening');
  }
}

/** The first `count` events of a generator. */
export function take(generator, count) {
  return Array.from({ length: count }, () => generator.next().value);
}

/**
 * What the jobs of a worker have seen by the time of a scrape, the same label sets each: calls with either of
 * two sets of models. Together they make some 700 samples of exposition.
 */
export function calls(seed) {
  const other = { llm: 'claude-haiku', stt: 'whisper-1', tts: 'eleven-flash' };
  return [take(conversation({ seed }), 110), take(conversation({ seed: seed + 1000, models: other }), 110)];
}
