import type { Page } from './published.ts';

const inference = 'https://livekit.com/pricing/inference';

/**
 * LiveKit Inference, whose models are called `maker/model` and whose provider is `livekit`: what the plans Build and
 * Ship pay. LLMs that are not here are passed on at their makers' prices (see ../library.ts).
 */
export const livekit: readonly Page[] = [
  {
    url: inference,
    dated: '2026-09-21',
    note: 'Billed by the time of the connection; the SDK tells the audio that was sent.',
    models: {
      'livekit/deepgram/nova-3': { audio_per_minute: 0.0048 },
      'livekit/deepgram/nova-3-general': { audio_per_minute: 0.0048 },
      'livekit/deepgram/flux-general': { audio_per_minute: 0.0065 },
      'livekit/deepgram/flux-general-en': { audio_per_minute: 0.0065 },
      'livekit/deepgram/flux-general-multi': { audio_per_minute: 0.0078 },
      'livekit/assemblyai/universal-streaming': { audio_per_minute: 0.0025 },
      'livekit/cartesia/ink-whisper': { audio_per_minute: 0.003 },
      'livekit/google/gemini-3.5-transcribe-live': { audio_per_minute: 0.0095 },
    },
  },
  {
    url: inference,
    dated: '2026-09-21',
    models: {
      'livekit/cartesia/sonic-3': { characters_per_million: 50 },
      'livekit/cartesia/sonic-3.*': { characters_per_million: 50 },
      'livekit/deepgram/aura-2': { characters_per_million: 30 },
      'livekit/rime/mistv3': { characters_per_million: 30 },
      'livekit/inworld/inworld-tts-2': { characters_per_million: 25 },
      'livekit/inworld/inworld-tts-1.5-max': { characters_per_million: 35 },
      'livekit/inworld/inworld-tts-1.5-mini': { characters_per_million: 15 },
      'livekit/google/gemma-4-31b-it': {
        input_per_million: 0.4,
        cached_input_per_million: 0.2,
        output_per_million: 1.2,
      },
    },
  },
  {
    url: 'https://docs.livekit.io/deploy/admin/billing/',
    dated: '2026-09-25',
    note: 'Not among what LiveKit meters: it comes with the session of the agent.',
    models: { 'livekit/adaptive interruption': 'free', 'livekit/turn-detector*': 'free' },
  },
];
