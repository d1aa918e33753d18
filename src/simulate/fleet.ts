/** A long-tailed latency: the median in milliseconds, and the sigma of the lognormal around it. */
export interface Latency {
  median: number;
  sigma: number;
}

interface Model {
  provider: string;
  model: string;
}

export interface LlmModel extends Model {
  /** Time to the first token. */
  ttft: Latency;
  tokensPerSecond: number;
  /** Whether the provider bills writes to its prompt cache. */
  cacheWrites?: boolean;
}

export interface SttModel extends Model {
  /** Time from the STT's end of speech to the final transcript. */
  final: Latency;
  /** False: recognises whole utterances, so it is used through a stream adapter. */
  streaming: boolean;
  /** Whether it bills by token instead of by second. */
  tokens?: boolean;
}

export interface TtsModel extends Model {
  /** Time to the first audio. */
  ttfb: Latency;
  /** False: synthesizes whole sentences, so it is used through a stream adapter. */
  streaming: boolean;
  /** Whether it bills by token instead of by character. */
  tokens?: boolean;
}

export interface RealtimeSpec extends Model {
  /** Time to the first audio token. */
  ttft: Latency;
  /** Whether it bills by the duration of the connection. */
  sessionBilled?: boolean;
  /** Whether it sends images with its messages. */
  pictures?: boolean;
}

// The names of real, public models, so that price lists contain them. The latencies are only plausible.

export const llms = {
  'gpt-4o-mini': {
    provider: 'openai',
    model: 'gpt-4o-mini',
    ttft: { median: 240, sigma: 0.3 },
    tokensPerSecond: 95,
  },
  'gpt-4.1': {
    provider: 'openai',
    model: 'gpt-4.1',
    ttft: { median: 330, sigma: 0.3 },
    tokensPerSecond: 70,
  },
  'claude-haiku': {
    provider: 'anthropic',
    model: 'claude-haiku-4-5',
    ttft: { median: 280, sigma: 0.3 },
    tokensPerSecond: 110,
    cacheWrites: true,
  },
  'gemini-flash': {
    provider: 'google',
    model: 'gemini-2.5-flash',
    ttft: { median: 220, sigma: 0.35 },
    tokensPerSecond: 150,
  },
} as const satisfies Record<string, LlmModel>;

export const stts = {
  'nova-3': {
    provider: 'deepgram',
    model: 'nova-3',
    final: { median: 150, sigma: 0.35 },
    streaming: true,
  },
  'universal-streaming': {
    provider: 'assemblyai',
    model: 'universal-streaming',
    final: { median: 210, sigma: 0.3 },
    streaming: true,
  },
  'gpt-4o-transcribe': {
    provider: 'openai',
    model: 'gpt-4o-transcribe',
    final: { median: 180, sigma: 0.3 },
    streaming: true,
    tokens: true,
  },
  // A self-hosted model: no price list contains it.
  'faster-whisper': {
    provider: 'self-hosted',
    model: 'faster-whisper-large-v3',
    final: { median: 240, sigma: 0.3 },
    streaming: false,
  },
} as const satisfies Record<string, SttModel>;

export const ttss = {
  'sonic-2': {
    provider: 'cartesia',
    model: 'sonic-2',
    ttfb: { median: 110, sigma: 0.35 },
    streaming: true,
  },
  'flash-v2.5': {
    provider: 'elevenlabs',
    model: 'eleven_flash_v2_5',
    ttfb: { median: 150, sigma: 0.4 },
    streaming: true,
  },
  'gpt-4o-mini-tts': {
    provider: 'openai',
    model: 'gpt-4o-mini-tts',
    ttfb: { median: 190, sigma: 0.3 },
    streaming: false,
    tokens: true,
  },
} as const satisfies Record<string, TtsModel>;

export const realtimes = {
  'gpt-realtime': { provider: 'openai', model: 'gpt-realtime', ttft: { median: 380, sigma: 0.35 } },
  'grok-voice': {
    provider: 'xai',
    model: 'grok-voice-agent',
    ttft: { median: 450, sigma: 0.4 },
    sessionBilled: true,
    pictures: true,
  },
} as const satisfies Record<string, RealtimeSpec>;

/** The models of one call, as keys of the tables above. */
export type Stack =
  | {
      mode: 'pipeline';
      stt: keyof typeof stts;
      llm: keyof typeof llms;
      tts: keyof typeof ttss;
      /** The fallbacks for the LLM and the TTS; undefined: the call has none. */
      fallback?: { llm: keyof typeof llms; tts: keyof typeof ttss };
    }
  | { mode: 'realtime'; model: keyof typeof realtimes };

export interface AgentSpec {
  name: string;
  /** Weight of its share of the calls among the agents. */
  weight: number;
  /** The deployed versions and their shares; the last one is the newest. */
  versions: readonly { version: string; weight: number; stack: Stack }[];
  /** Which turn-taking models of LiveKit it uses. */
  endOfTurn: 'vad' | 'model';
  interruption: 'vad' | 'adaptive';
  preemptive: boolean;
}

export const agents = [
  {
    name: 'front-desk',
    weight: 4,
    versions: [
      {
        version: '2.3.1',
        weight: 1,
        stack: { mode: 'pipeline', stt: 'nova-3', llm: 'gpt-4.1', tts: 'sonic-2' },
      },
      {
        version: '2.4.0',
        weight: 4,
        stack: {
          mode: 'pipeline',
          stt: 'nova-3',
          llm: 'gpt-4o-mini',
          tts: 'sonic-2',
          fallback: { llm: 'claude-haiku', tts: 'flash-v2.5' },
        },
      },
    ],
    endOfTurn: 'model',
    interruption: 'adaptive',
    preemptive: false,
  },
  {
    name: 'support',
    weight: 3,
    versions: [
      {
        version: '1.9.2',
        weight: 1,
        stack: {
          mode: 'pipeline',
          stt: 'universal-streaming',
          llm: 'claude-haiku',
          tts: 'flash-v2.5',
        },
      },
    ],
    endOfTurn: 'vad',
    interruption: 'vad',
    preemptive: true,
  },
  {
    name: 'survey',
    weight: 2,
    versions: [
      {
        version: '0.8.0',
        weight: 1,
        stack: {
          mode: 'pipeline',
          stt: 'faster-whisper',
          llm: 'gemini-flash',
          tts: 'gpt-4o-mini-tts',
        },
      },
      {
        version: '0.9.0',
        weight: 2,
        stack: {
          mode: 'pipeline',
          stt: 'gpt-4o-transcribe',
          llm: 'gpt-4o-mini',
          tts: 'gpt-4o-mini-tts',
        },
      },
    ],
    endOfTurn: 'vad',
    interruption: 'vad',
    preemptive: false,
  },
  {
    name: 'concierge',
    weight: 2,
    versions: [
      { version: '3.0.0', weight: 2, stack: { mode: 'realtime', model: 'gpt-realtime' } },
      { version: '3.1.0-beta.2', weight: 1, stack: { mode: 'realtime', model: 'grok-voice' } },
    ],
    endOfTurn: 'vad',
    interruption: 'vad',
    preemptive: false,
  },
] as const satisfies readonly AgentSpec[];

export type AgentName = (typeof agents)[number]['name'];

/** The version that the incident `bad-version` deploys. */
export const badVersion = { agent: 'front-desk', version: '2.5.0' } as const;
