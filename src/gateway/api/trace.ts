import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { factsOf } from '../decode/span-facts.ts';
import type { SessionFiles } from '../store/session-files.ts';
import type { SessionState } from '../store/session-state.ts';
import { outlineOf } from '../store/span-summaries.ts';

/** Answers with the spans of a session, as they are read: those of a long call are more than fits into memory twice. */
export async function sendTrace(files: SessionFiles, state: SessionState, response: Response): Promise<void> {
  const told: { spanId: string; facts: string }[] = [];
  const last = new Map<string, number>();
  for await (const span of outlineOf(files, state.sizes)) {
    const facts = factsOf(span, state.identity.language);
    last.set(span.spanId, told.push({ spanId: span.spanId, facts: facts ? JSON.stringify(facts) : '' }) - 1);
  }

  async function* body(): AsyncGenerator<string> {
    yield '{"spans":[';
    let [index, separator] = [0, ''];
    for await (const span of files.lines('spans', state.sizes.spans)) {
      const { spanId = '', facts } = told[index] ?? {};
      // A span that was sent twice is shown once.
      if (last.get(spanId) === index++) {
        yield `${separator}${facts ? `${span.slice(0, -1)},"facts":${facts}}` : span}`;
        separator = ',';
      }
    }
    yield ']}';
  }
  response.type('json');
  // Whoever asks may leave at any time.
  await pipeline(body(), response).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
}
