import { AudioFrame } from '@livekit/rtc-node';
import { speechFrames } from './sound.ts';

export const outputSampleRate = 24_000;

/** Length of a frame of the agent's speech, in milliseconds. */
export const outputFrameMs = 100;

/** A voice speaks about 16 characters a second. */
const msPerCharacter = 62;

const samples = (outputSampleRate * outputFrameMs) / 1000;
// Nobody writes into an output frame, so frames share their samples.
const sounds = speechFrames({
  sampleRate: outputSampleRate,
  frameMs: outputFrameMs,
  pitch: 120,
  loudest: 9000,
  softest: 1500,
});
const silence = new Int16Array(samples);

/** The nth frame of the agent's voice. */
export const voiceFrame = (nth: number): AudioFrame =>
  new AudioFrame(sounds[nth % sounds.length] ?? silence, outputSampleRate, 1, samples);

/** How many frames it takes to say a text. */
export const framesFor = (text: string): number =>
  Math.max(2, Math.round((text.length * msPerCharacter) / outputFrameMs));
