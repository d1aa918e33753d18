import { AudioFrame } from '@livekit/rtc-node';

export interface SoundOptions {
  sampleRate: number;
  /** Length of a frame, in milliseconds. */
  frameMs: number;
  /** Hertz; a frame must hold a whole number of its waves, so that frames join without a click. */
  pitch: number;
  /** The largest sample of the loudest and of the softest frame. */
  loudest: number;
  softest: number;
}

/** How long a syllable is, in frames, and how loud; they come round again after the last. */
const syllables = [
  { length: 3, loudness: 1 },
  { length: 2, loudness: 0.55 },
  { length: 4, loudness: 0.85 },
  { length: 2, loudness: 0.4 },
  { length: 3, loudness: 0.7 },
];

/** Overtones, as shares of the ground tone: about those of a vowel. */
const overtones = [1, 0.6, 0.35, 0.4, 0.15];

/** Frames of what sounds and looks like somebody's speech: a hum whose loudness goes in syllables. */
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

/** What a simulated caller says in one breath. It travels inside the audio that it is heard in. */
export interface Utterance {
  /** What an STT makes of it; null: nothing, it is a noise, or the STT fails to hear it. */
  text: string | null;
  /** How sure the STT is, 0 to 1. */
  confidence: number;
  /** A backchannel ("mm-hm") is said softly, and so an interruption model can tell it from an interruption. */
  loudness: 'speech' | 'backchannel';
}

export const inputSampleRate = 16_000;

/** Length of an input frame. Longer than WebRTC's 10 ms, because each frame costs the job's process time. */
export const inputFrameMs = 50;

const inputSamples = (inputSampleRate * inputFrameMs) / 1000;
/** Largest samples; those of a backchannel are always smaller than those of speech. */
const amplitudes = {
  speech: 9000,
  softestSpeech: 3000,
  backchannel: 2000,
  softestBackchannel: 1200,
} as const;
const threshold = 500;
const key = 'talkgauge.utterance';

const inputVoice = { sampleRate: inputSampleRate, frameMs: inputFrameMs, pitch: 200 };
// Nobody writes into an input frame, so frames share their samples.
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

/** The nth frame of somebody who says something. */
export function speechFrame(utterance: Utterance, nth = 0): AudioFrame {
  const frames = inputSounds[utterance.loudness];
  const data = frames[nth % frames.length] ?? inputSilence;
  return new AudioFrame(data, inputSampleRate, 1, inputSamples, { [key]: utterance });
}

/** The utterance that a frame is part of; undefined for silence, and for audio of someone else. */
export const utteranceOf = (frame: AudioFrame): Utterance | undefined =>
  frame.userdata[key] as Utterance | undefined;

/** The loudest sample of every eighth one, which is enough to tell speech from silence. */
export function peak(data: Int16Array): number {
  let loudest = 0;
  for (let i = 0; i < data.length; i += 8) loudest = Math.max(loudest, Math.abs(data[i] ?? 0));
  return loudest;
}

export const isLoud = (data: Int16Array): boolean => peak(data) > threshold;

/** Whether audio sounds like somebody who wants the floor, and not like a backchannel. */
export const soundsLikeSpeech = (data: Int16Array): boolean => peak(data) > amplitudes.backchannel;

export const outputSampleRate = 24_000;

/** Length of a frame of the agent's speech, in milliseconds. */
export const outputFrameMs = 100;

/** A voice speaks about 16 characters a second. */
const msPerCharacter = 62;

const outputSamples = (outputSampleRate * outputFrameMs) / 1000;
// Nobody writes into an output frame, so frames share their samples.
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

/** How many frames it takes to say a text. */
export const framesFor = (text: string): number =>
  Math.max(2, Math.round((text.length * msPerCharacter) / outputFrameMs));
