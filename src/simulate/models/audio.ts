import { AudioFrame } from '@livekit/rtc-node';

export interface SoundOptions {
  sampleRate: number;
  /** Length of a frame, in milliseconds. */
  frameMs: number;
  /** Hertz; a frame must hold a whole number of its waves, so that frames join without a click. */
  pitch: number;
  /** The peak sample of the loudest and of the softest frame. */
  loudest: number;
  softest: number;
}

/** The length in frames and the loudness of each syllable; they repeat after the last. */
const syllables = [
  { length: 3, loudness: 1 },
  { length: 2, loudness: 0.55 },
  { length: 4, loudness: 0.85 },
  { length: 2, loudness: 0.4 },
  { length: 3, loudness: 0.7 },
];

/** Overtones, as shares of the fundamental: about those of a vowel. */
const overtones = [1, 0.6, 0.35, 0.4, 0.15];

/** Frames that sound and look like speech: a hum with the loudness of syllables. */
export function speechFrames({ sampleRate, frameMs, pitch, loudest, softest }: SoundOptions): Int16Array[] {
  const samples = (sampleRate * frameMs) / 1000;
  const wave = Float64Array.from({ length: samples }, (_, i) =>
    overtones.reduce(
      (sum, share, nth) => sum + share * Math.sin((2 * Math.PI * pitch * (nth + 1) * i) / sampleRate),
      0,
    ),
  );
  const peak = wave.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  return syllables.flatMap(({ length, loudness }) =>
    Array.from({ length }, (_, nth) => {
      const swell = Math.sin((Math.PI * (nth + 1)) / (length + 1));
      const amplitude = softest + (loudest - softest) * loudness * swell;
      return Int16Array.from(wave, (sample) => Math.round((sample / peak) * amplitude));
    }),
  );
}

/** An utterance of a simulated caller. It is attached to its audio frames. */
export interface Utterance {
  /** The transcript; null: none, because it is a noise or the STT misses it. */
  text: string | null;
  /** The confidence of the STT, 0 to 1. */
  confidence: number;
  /** A backchannel ("mm-hm") is softer, so that an interruption model can distinguish it from an interruption. */
  loudness: 'speech' | 'backchannel';
}

export const inputSampleRate = 16_000;

/** Length of an input frame. Longer than WebRTC's 10 ms, because each frame costs CPU time of the job. */
export const inputFrameMs = 50;

const inputSamples = (inputSampleRate * inputFrameMs) / 1000;
/** Peak samples; those of a backchannel are always smaller than those of speech. */
const amplitudes = {
  speech: 9000,
  softestSpeech: 3000,
  backchannel: 2000,
  softestBackchannel: 1200,
} as const;
const threshold = 500;
const key = 'talkgauge.utterance';

const inputVoice = { sampleRate: inputSampleRate, frameMs: inputFrameMs, pitch: 200 };
// Input frames are never modified, so that they can share samples.
const inputSounds = {
  speech: speechFrames({ ...inputVoice, loudest: amplitudes.speech, softest: amplitudes.softestSpeech }),
  backchannel: speechFrames({
    ...inputVoice,
    loudest: amplitudes.backchannel,
    softest: amplitudes.softestBackchannel,
  }),
};
const inputSilence = new Int16Array(inputSamples);

export const silentFrame = (): AudioFrame => new AudioFrame(inputSilence, inputSampleRate, 1, inputSamples);

/** The nth frame of an utterance. */
export function speechFrame(utterance: Utterance, nth = 0): AudioFrame {
  const frames = inputSounds[utterance.loudness];
  const data = frames[nth % frames.length] ?? inputSilence;
  return new AudioFrame(data, inputSampleRate, 1, inputSamples, { [key]: utterance });
}

/** The utterance of a frame; undefined for silence and for other audio. */
export const utteranceOf = (frame: AudioFrame): Utterance | undefined =>
  frame.userdata[key] as Utterance | undefined;

/** Checks every eighth sample, which is enough to distinguish speech from silence. */
export function peak(data: Int16Array): number {
  let loudest = 0;
  for (let i = 0; i < data.length; i += 8) loudest = Math.max(loudest, Math.abs(data[i] ?? 0));
  return loudest;
}

export const isLoud = (data: Int16Array): boolean => peak(data) > threshold;

/** Whether audio sounds like an interruption, and not like a backchannel. */
export const soundsLikeSpeech = (data: Int16Array): boolean => peak(data) > amplitudes.backchannel;

export const outputSampleRate = 24_000;

/** Length of a frame of the agent's speech, in milliseconds. */
export const outputFrameMs = 100;

/** A voice speaks about 16 characters a second. */
const msPerCharacter = 62;

const outputSamples = (outputSampleRate * outputFrameMs) / 1000;
// Output frames are never modified, so that they can share samples.
const outputSounds = speechFrames({
  sampleRate: outputSampleRate,
  frameMs: outputFrameMs,
  pitch: 120,
  loudest: 9000,
  softest: 1500,
});
const outputSilence = new Int16Array(outputSamples);

/** The nth frame of the agent's voice. */
export const voiceFrame = (nth: number): AudioFrame =>
  new AudioFrame(
    outputSounds[nth % outputSounds.length] ?? outputSilence,
    outputSampleRate,
    1,
    outputSamples,
  );

/** The number of frames of a spoken text. */
export const framesFor = (text: string): number =>
  Math.max(2, Math.round((text.length * msPerCharacter) / outputFrameMs));
