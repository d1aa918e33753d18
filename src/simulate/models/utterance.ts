import { AudioFrame } from '@livekit/rtc-node';
import { speechFrames } from './sound.ts';

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
/** Largest samples; those of a backchannel are always smaller than those of speech. */
const amplitudes = {
  speech: 9000,
  softestSpeech: 3000,
  backchannel: 2000,
  softestBackchannel: 1200,
} as const;
const threshold = 500;
const key = 'talkgauge.utterance';

const voice = { sampleRate: inputSampleRate, frameMs: inputFrameMs, pitch: 200 };
// Nobody writes into an input frame, so frames share their samples.
const sounds = {
  speech: speechFrames({ ...voice, loudest: amplitudes.speech, softest: amplitudes.softestSpeech }),
  backchannel: speechFrames({
    ...voice,
    loudest: amplitudes.backchannel,
    softest: amplitudes.softestBackchannel,
  }),
};
const silence = new Int16Array(samples);

export const silentFrame = (): AudioFrame => new AudioFrame(silence, inputSampleRate, 1, samples);

/** The nth frame of somebody who says something. */
export function speechFrame(utterance: Utterance, nth = 0): AudioFrame {
  const frames = sounds[utterance.loudness];
  const data = frames[nth % frames.length] ?? silence;
  return new AudioFrame(data, inputSampleRate, 1, samples, { [key]: utterance });
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
