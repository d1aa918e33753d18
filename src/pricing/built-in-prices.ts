import { type Price, type PriceEntry, type PublishedPage, ratesOf } from './price.ts';

/** Speech to text, text to speech, and voices billed by the minute, at the providers themselves: pay as you go. */
export const speech: readonly PublishedPage[] = [
  {
    url: 'https://developers.openai.com/api/docs/pricing',
    dated: '2026-09-23',
    models: {
      'openai/whisper-1': { audio_per_minute: 0.006 },
      'openai/gpt-realtime-whisper': { audio_per_minute: 0.017 },
      'openai/tts-1': { characters_per_million: 15 },
      'openai/tts-1-hd': { characters_per_million: 30 },
    },
  },
  {
    url: 'https://developers.openai.com/api/docs/pricing',
    dated: '2026-09-23',
    note: "Billed in tokens; a minute of which no tokens are reported is OpenAI's own estimate.",
    models: {
      'openai/gpt-4o-transcribe': {
        input_per_million: 2.5,
        input_audio_per_million: 6,
        output_per_million: 10,
        audio_without_tokens_per_minute: 0.006,
      },
      'openai/gpt-4o-mini-transcribe': {
        input_per_million: 1.25,
        input_audio_per_million: 3,
        output_per_million: 5,
        audio_without_tokens_per_minute: 0.003,
      },
      'openai/gpt-4o-mini-tts': {
        input_per_million: 0.6,
        output_audio_per_million: 12,
        audio_without_tokens_per_minute: 0.015,
      },
    },
  },
  {
    url: 'https://deepgram.com/pricing',
    dated: '2026-09-23',
    note: 'Streaming, one language, at the reduced price of that day; without the reduction, 0.0077.',
    models: {
      'deepgram/nova-3': { audio_per_minute: 0.0048 },
      'deepgram/nova-3-general': { audio_per_minute: 0.0048 },
      'deepgram/flux-general-en': { audio_per_minute: 0.0065 },
    },
  },
  {
    url: 'https://deepgram.com/pricing',
    dated: '2026-11-04',
    models: { 'deepgram/flux-general-multi': { audio_per_minute: 0.0078 } },
  },
  {
    url: 'https://deepgram.com/pricing',
    dated: '2026-09-23',
    models: { 'deepgram/aura-2*': { characters_per_thousand: 0.03 } },
  },
  {
    url: 'https://www.assemblyai.com/pricing',
    dated: '2026-05-26',
    note: 'Billed by the time of the connection; the SDK reports the audio that was sent.',
    models: {
      'assemblyai/universal-streaming': { audio_per_hour: 0.15 },
      'assemblyai/universal-streaming-english': { audio_per_hour: 0.15 },
      'assemblyai/universal-streaming-multilingual': { audio_per_hour: 0.15 },
      'assemblyai/u3-rt-pro': { audio_per_hour: 0.45 },
    },
  },
  {
    url: 'https://docs.cartesia.ai/pricing',
    dated: '2026-05-19',
    note: 'One credit a character or second of audio (Ink 2: three), at 50 $ for a million; larger plans cost less.',
    models: {
      'cartesia/sonic*': { characters_per_million: 50 },
      'cartesia/ink-whisper': { audio_per_minute: 0.003 },
      'cartesia/ink-2': { audio_per_minute: 0.009 },
    },
  },
  {
    url: 'https://elevenlabs.io/pricing/api',
    dated: '2026-05-19',
    models: {
      'elevenlabs/eleven_flash_v2*': { characters_per_thousand: 0.05 },
      'elevenlabs/eleven_turbo_v2*': { characters_per_thousand: 0.05 },
      'elevenlabs/eleven_multilingual_v2': { characters_per_thousand: 0.1 },
      'elevenlabs/eleven_v3': { characters_per_thousand: 0.1 },
    },
  },
  {
    url: 'https://docs.x.ai/developers/models/voice-agent-api',
    dated: '2026-04-04',
    note: 'Billed by the time of the connection; tool calls come on top.',
    models: { 'xai/grok-voice-agent': { session_per_minute: 0.05 } },
  },
];

const inference = 'https://livekit.com/pricing/inference';

/**
 * LiveKit Inference, whose models are called `maker/model` and whose provider is `livekit`: what the plans Build and
 * Ship pay. LLMs that are not here are passed on at their makers' prices (see ../library.ts).
 */
export const livekit: readonly PublishedPage[] = [
  {
    url: inference,
    dated: '2026-09-21',
    note: 'Billed by the time of the connection; the SDK reports the audio that was sent.',
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

/**
 * The prices that come with Talkgauge: public list prices in US dollars, without taxes, discounts and free quotas. They
 * go stale: each has its day and the page to look it up.
 */
const pages: readonly PublishedPage[] = [...speech, ...livekit];

export const builtIn = {
  /** The day of the oldest of them. */
  dated: pages.map(({ dated }) => dated).sort()[0] as string,
  pages,
} as const;

/** The built-in prices as entries of a price list. */
export const builtInEntries = (): PriceEntry[] =>
  builtIn.pages.flatMap(({ models, url, dated, note }) =>
    Object.entries(models).map(([name, published]) => {
      const price: Price = {
        rates: published === 'free' ? {} : ratesOf(published),
        free: published === 'free',
        source: 'builtin',
        entry: name,
        dated,
        url,
        note,
      };
      return { name, price };
    }),
  );
