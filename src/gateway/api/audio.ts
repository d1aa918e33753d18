import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { SessionFiles } from '../store/session-files.ts';

const type = 'audio/ogg';

/** Answers with a recording, or the part of it that is asked for, from the folder or from the bucket. */
export async function sendAudio(files: SessionFiles, request: Request, response: Response): Promise<void> {
  const remote = await files.remoteAudio(request.headers.range);
  if (remote) {
    response.status(remote.statusCode ?? 502);
    response.set({ 'Content-Type': type, 'Accept-Ranges': 'bytes' });
    for (const name of ['content-length', 'content-range'] as const) {
      const value = remote.headers[name];
      if (value !== undefined) response.setHeader(name, value);
    }
    // Whoever listens may stop at any time.
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
