import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { decodingMs, type Waveform } from '../audio/waveforms.ts';
import type { SessionFiles } from '../store/session-files.ts';
import { type SessionSummary, statusOf } from '../store/summary.ts';

const type = 'audio/ogg';

/** Sends a recording, or the requested range of it, from the folder or from the bucket. */
export async function sendAudio(files: SessionFiles, request: Request, response: Response): Promise<void> {
  const remote = await files.remoteAudio(request.headers.range);
  if (remote) {
    response.status(remote.statusCode ?? 502);
    response.set({ 'Content-Type': type, 'Accept-Ranges': 'bytes' });
    for (const name of ['content-length', 'content-range'] as const) {
      const value = remote.headers[name];
      if (value !== undefined) response.setHeader(name, value);
    }
    // The client may disconnect at any time.
    return pipeline(remote, response).catch(() => {});
  }
  const { audioPath } = files;
  await new Promise<void>((resolve, reject) => {
    response.sendFile(
      basename(audioPath),
      { root: dirname(audioPath), dotfiles: 'allow', cacheControl: false, headers: { 'Content-Type': type } },
      (error?: Error) => (error && !response.headersSent ? reject(error) : resolve()),
    );
  });
}

/** Milliseconds to wait for a waveform, enough to decode ten minutes of a call; for longer calls, the client polls. */
export const peaksWaitMs = 10_000;

/** Why there is no recording, as a code. */
function reasonOf(summary: SessionSummary): 'redacted' | 'too_large' | 'not_yet' | 'not_recorded' {
  if (summary.audioDropped) return summary.audioDropped;
  return statusOf(summary, Date.now() / 1000) === 'live' ? 'not_yet' : 'not_recorded';
}

/** @param missing why there is no recording, as text */
export function sendPeaks(
  waveform: Waveform,
  summary: SessionSummary,
  missing: string,
  response: Response,
): void {
  switch (waveform.state) {
    case 'ready':
      return void response.json(waveform.peaks);
    case 'preparing':
      return void response.status(202).set('Retry-After', '2').json({ state: 'preparing' });
    case 'busy':
      return void response
        .status(503)
        .set('Retry-After', '5')
        .json({ error: 'Too many recordings wait to be decoded; ask again', reason: 'busy' });
    case 'unreadable':
      return void response
        .status(409)
        .json({ error: 'The recording cannot be decoded: it is no Ogg Opus', reason: 'unreadable' });
    case 'slow':
      return void response.status(409).json({
        error: `It was not made within ${decodingMs / 60_000} minutes, and is tried again in an hour; the recording plays all the same`,
        reason: 'slow',
      });
    default:
      response.status(404).json({ error: missing, reason: reasonOf(summary) });
  }
}
