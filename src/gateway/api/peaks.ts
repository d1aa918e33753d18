import type { Response } from 'express';
import { decodingMs, type Waveform } from '../audio/waveforms.ts';
import { type SessionSummary, statusOf } from '../store/summary.ts';

/** Milliseconds in which ten minutes of a call are decoded; whoever asks for more asks again. */
export const peaksPatience = 10_000;

/** Why there is no recording, for programs. */
function reasonOf(summary: SessionSummary): 'redacted' | 'too_large' | 'not_yet' | 'not_recorded' {
  if (summary.audioDropped) return summary.audioDropped;
  return statusOf(summary, Date.now() / 1000) === 'live' ? 'not_yet' : 'not_recorded';
}

/** @param missing why there is no recording, for people */
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
