import type { IncomingMessage } from 'node:http';
import { Bucket, type BucketOptions } from '../../objects/bucket.ts';

const sessionsFolder = 'sessions/';

/** Files of sessions in a bucket, under `sessions/ID/NAME`. */
export class Objects {
  readonly #bucket: Bucket;

  constructor(options: BucketOptions) {
    this.#bucket = new Bucket(options);
  }

  /** @throws Error if it is not stored */
  put(id: string, name: string, path: string): Promise<void> {
    return this.#bucket.put(`${sessionsFolder}${id}/${name}`, path);
  }

  /**
   * An object, or a part of it.
   *
   * @param range as in a `Range` header
   * @throws NoSuchObject, or Error if it cannot be had now
   */
  get(id: string, name: string, range?: string): Promise<IncomingMessage> {
    return this.#bucket.get(`${sessionsFolder}${id}/${name}`, range);
  }

  /** Removes all objects of a session. */
  async remove(id: string): Promise<void> {
    for (const key of await this.#bucket.keys(`${sessionsFolder}${id}/`)) await this.#bucket.remove(key);
  }

  /** The names of all sessions that are there. */
  async sessions(): Promise<string[]> {
    const ids = (await this.#bucket.keys(sessionsFolder)).map(
      (key) => key.slice(sessionsFolder.length).split('/')[0] ?? '',
    );
    return [...new Set(ids)];
  }
}
