import { onTestFinished } from 'vitest';
import { listenRelay, type RelayServer, type RelayServerOptions } from '../../../src/agent/relay/server.ts';
import { createRecorder, type Recorder, type RecorderOptions } from '../../../src/metrics/recorder.ts';

export const identity = { agent_name: 'front-desk', agent_version: '1.4.0' };

/** The worker side of the relay with a real recorder; closed after the test. */
export async function startRelay(
  options: Partial<RelayServerOptions> & { recorderOptions?: RecorderOptions } = {},
): Promise<{ recorder: Recorder; server: RelayServer }> {
  const { recorderOptions, recorder = createRecorder(recorderOptions), ...rest } = options;
  const server = await listenRelay({ recorder, ...rest });
  onTestFinished(() => server.close());
  return { recorder, server };
}

/**
 * The exposed samples of a family, `{labels} value` each without the identity labels and without samples of 0:
 * a recorder starts counters at 0.
 */
export async function exposed(recorder: Recorder, family: string): Promise<string[]> {
  const text = await recorder.expose('text');
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${family}{`) && !line.endsWith(' 0'))
    .map((line) => line.slice(family.length).replace(/agent_name="[^"]*",agent_version="[^"]*",?/, ''))
    .map((line) => line.replace(/^\{\} /, ''))
    .sort();
}

export const dropped = (recorder: Recorder) => exposed(recorder, 'talkgauge_samples_dropped_total');
export const frames = (recorder: Recorder) => exposed(recorder, 'talkgauge_relay_frames_total');
