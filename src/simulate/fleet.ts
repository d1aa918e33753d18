import type { llms, realtimes, stts, ttss } from './model-specs.ts';

/** The models of one call, as keys of the tables above. */
export type Stack =
  | {
      mode: 'pipeline';
      stt: keyof typeof stts;
      llm: keyof typeof llms;
      tts: keyof typeof ttss;
      /** What takes over when the LLM or the TTS fails; without it a call has no fallback. */
      fallback?: { llm: keyof typeof llms; tts: keyof typeof ttss };
    }
  | { mode: 'realtime'; model: keyof typeof realtimes };

export interface AgentSpec {
  name: string;
  /** Share of the calls, against the other agents. */
  weight: number;
  /** The versions in service and their shares; the last one is the newest. */
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

/** The version that the incident `bad-version` brings into service. */
export const badVersion = { agent: 'front-desk', version: '2.5.0' } as const;
