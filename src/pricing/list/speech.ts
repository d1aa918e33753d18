import type { Page } from './published.ts';

/** Speech to text, text to speech, and voices billed by the minute, at the providers themselves: pay as you go. */
export const speech: readonly Page[] = [
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
    note: 'Billed by the time of the connection; the SDK tells the audio that was sent.',
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
