import { AudioFrame } from '@livekit/rtc-node';

export const outputSampleRate = 24_000;

/** Length of a frame of the agent's speech, in milliseconds. */
export const outputFrameMs = 100;

/** A voice speaks about 16 characters a second. */
const msPerCharacter = 62;

const samples = (outputSampleRate * outputFrameMs) / 1000;
// Nobody writes into an output frame, so all frames share their samples.
const sound = new Int16Array(samples);

/** A frame of the agent's voice, which is silent: nobody listens. */
export const voiceFrame = (): AudioFrame => new AudioFrame(sound, outputSampleRate, 1, samples);

/** How many frames it takes to say a text. */
export const framesFor = (text: string): number =>
  Math.max(2, Math.round((text.length * msPerCharacter) / outputFrameMs));
