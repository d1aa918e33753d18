import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const idOf = (n) => `AJ_${String(n).padStart(6, '0')}`;

/** Words of a call of some minutes; of each session's, some are rare. */
const wordsOf = (n) =>
  Array.from(
    { length: 300 },
    (_, at) => ` ${((((n + 1) * (at + 7) * 2654435761) % 4000) >>> 0).toString(36)}`,
  ).join('');

/**
 * Fills a gateway's directory with sessions for lists and searches, a minute apart, the first the newest; without what
 * they consist of, which lists do not read.
 */
export function fillSessions(directory, count) {
  const now = Math.floor(Date.now() / 1000);
  const sessions = [];
  const words = [];
  for (let n = 0; n < count; n++) {
    const id = idOf(n);
    mkdirSync(join(directory, 'sessions', id), { recursive: true });
    const start = now - 60 * (n + 1);
    const summary = {
      id,
      roomId: `RM_${n}`,
      roomName: `call-${n}`,
      agent: ['front-desk', 'sales', 'support'][n % 3],
      version: `1.${n % 5}.0`,
      language: 'nodejs',
      sdkVersion: '1.9.0',
      start,
      // Each length once, so that the longest is known.
      end: start + 10 + ((n * 7919) % count) / 10,
      turns: n % 40,
      latencyP50: 0.5 + (n % 70) / 100,
      latencyP95: 0.8 + (n % 170) / 50,
      interruptions: n % 4,
      toolCalls: n % 6,
      toolErrors: n % 12 === 0 ? 1 : 0,
      cost: (n % 900) / 10_000,
      closeReason: 'participant_disconnected',
      redacted: false,
      simulated: false,
      hasAudio: n % 2 === 0,
      hasTranscript: true,
      hasTrace: true,
      hasLogs: true,
      hasReport: true,
      complete: true,
      receivedAt: start + 70,
      bytes: 800_000,
    };
    sessions.push(`${JSON.stringify([id, { summary, writtenAt: 0 }])}\n`);
    words.push(`${JSON.stringify([id, wordsOf(n)])}\n`);
  }
  writeFileSync(join(directory, 'index.jsonl'), sessions.join(''));
  writeFileSync(join(directory, 'words.jsonl'), words.join(''));
}
