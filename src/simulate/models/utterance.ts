import { AudioFrame } from '@livekit/rtc-node';

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

const samples = (inputSampleRate * inputFrameMs) / 1000;
const amplitudes = { speech: 8000, backchannel: 2000 } as const;
const threshold = 500;
const key = 'earshot.utterance';

/** A square wave of 200 Hz: loud enough for anything that looks at the energy, cheap to make. */
const wave = (amplitude: number) =>
  Int16Array.from({ length: samples }, (_, i) => (Math.floor(i / 40) % 2 ? -amplitude : amplitude));

// Nobody writes into an input frame, so all frames of a kind share their samples.
const speech = { speech: wave(amplitudes.speech), backchannel: wave(amplitudes.backchannel) };
const silence = new Int16Array(samples);

export const silentFrame = (): AudioFrame => new AudioFrame(silence, inputSampleRate, 1, samples);

export const speechFrame = (utterance: Utterance): AudioFrame =>
  new AudioFrame(speech[utterance.loudness], inputSampleRate, 1, samples, { [key]: utterance });

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
