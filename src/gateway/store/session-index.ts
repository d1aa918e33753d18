import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BucketError } from '../../objects/bucket.ts';
import { OptionError } from '../../options.ts';
import type { ChatItem } from '../decode/chat-item.ts';
import { itemsOf } from './conversation.ts';
import { Journal } from './journal.ts';
import { isSessionId, type Objects, SessionFiles } from './session-files.ts';
import type { SessionState } from './session-state.ts';
import { type SessionSummary, summaryOf } from './summary.ts';

interface Indexed {
  summary: SessionSummary;
  /** The modification time of the `session.json` that it summarizes, in milliseconds. */
  writtenAt: number;
}

/** Folders that are checked concurrently when the index is opened. */
const batch = 32;

/**
 * The index for lists and searches: summaries and search terms of all sessions, in memory and in two files. It can be
 * rebuilt from the sessions' folders, and is checked against them when it is opened.
 */
export class SessionIndex {
  readonly #sessions: Journal<Indexed>;
  readonly #searchTerms: Journal<string>;
  readonly #folders: string;
  readonly #log: (message: string) => void;
  readonly #objects?: Objects;

  private constructor(
    folders: string,
    sessions: Journal<Indexed>,
    searchTerms: Journal<string>,
    log: (message: string) => void,
    objects?: Objects,
  ) {
    this.#folders = folders;
    this.#sessions = sessions;
    this.#searchTerms = searchTerms;
    this.#log = log;
    this.#objects = objects;
  }

  /**
   * @param directory of the store; the sessions' folders are in its folder `sessions`
   * @param objects a bucket, from which sessions are listed again if there are none in the folder
   * @throws OptionError if the bucket refuses
   */
  static async open(
    directory: string,
    objects?: Objects,
    log: (message: string) => void = console.warn,
  ): Promise<SessionIndex> {
    const folders = join(directory, 'sessions');
    await mkdir(folders, { recursive: true, mode: 0o700 });
    const index = new SessionIndex(
      folders,
      await Journal.open<Indexed>(join(directory, 'index.jsonl')),
      await Journal.open<string>(join(directory, 'words.jsonl')),
      log,
      objects,
    );
    if (objects && (await readdir(folders)).length === 0) {
      await index.#fetchStates(objects).catch((error: Error) => {
        if (error instanceof BucketError && error.responseStatus < 500) {
          throw new OptionError(
            `The bucket cannot be listed: ${error.message}. Correct its name, its region or its keys.`,
          );
        }
        // Uploads are still accepted; they stay in the folder until the bucket is available.
        log(
          `The bucket cannot be listed, so that what it has is not shown until the next start: ${error.message}`,
        );
      });
    }
    const there = (await readdir(folders)).filter(isSessionId);
    const known = new Set(there);
    for (const [id] of [...index.#sessions.entries()]) if (!known.has(id)) await index.delete(id);
    for (let at = 0; at < there.length; at += batch) await index.#check(there.slice(at, at + batch));
    return index;
  }

  /** The files of a session, wherever they are. */
  files(id: string, archived = false): SessionFiles {
    const remote = archived && this.#objects ? { objects: this.#objects, id } : undefined;
    return new SessionFiles(join(this.#folders, id), remote);
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** The size of all sessions on disk, in bytes. */
  get bytes(): number {
    let sum = 0;
    for (const { summary } of this.#sessions.values()) sum += summary.bytes;
    return sum;
  }

  get(id: string): SessionSummary | undefined {
    return this.#sessions.get(id)?.summary;
  }

  searchTerms(id: string): string {
    return this.#searchTerms.get(id) ?? '';
  }

  summaries(): SessionSummary[] {
    return [...this.#sessions.values()].map(({ summary }) => summary);
  }

  /** Indexes the stored state of a session. */
  async set(files: SessionFiles, state: SessionState): Promise<SessionSummary> {
    const summary = summaryOf(state, await files.bytes());
    await this.#sessions.set(state.id, { summary, writtenAt: (await files.writtenAt()) ?? 0 });
    return summary;
  }

  async setSearchTerms(id: string, searchTerms: string): Promise<void> {
    if (searchTerms !== this.searchTerms(id)) await this.#searchTerms.set(id, searchTerms);
  }

  async delete(id: string): Promise<void> {
    await this.#sessions.delete(id);
    await this.#searchTerms.delete(id);
  }

  /** Rewrites the files, so that no content of deleted or redacted sessions remains. */
  async forget(): Promise<void> {
    await this.#sessions.compact();
    await this.#searchTerms.compact();
  }

  async #fetchStates(objects: Objects): Promise<void> {
    for (const id of (await objects.sessions()).filter(isSessionId)) {
      const remote = this.files(id, true);
      const state = await remote.readState().catch(() => undefined);
      if (!state) continue;
      await remote.create();
      await remote.write('session', state);
    }
  }

  #unreadable(what: string, lacking: string): (error: Error) => undefined {
    return ({ name }) => {
      this.#log(`${what} cannot be read (${name}): it is not ${lacking}, and its folder is left as it is.`);
      return undefined;
    };
  }

  /** Indexes stored sessions that are missing in the index. */
  async #check(ids: readonly string[]): Promise<void> {
    const found = (
      await Promise.all(
        ids.map((id) => this.#unknown(id).catch(this.#unreadable(`The state of session ${id}`, 'listed'))),
      )
    ).filter((each) => each !== undefined);
    // In this order, so that after a crash at any time, a session in the first file is also in the second.
    await this.#searchTerms.setAll(
      found
        .filter(({ id, searchTerms }) => searchTerms !== this.searchTerms(id))
        .map(({ id, searchTerms }) => [id, searchTerms] as const),
    );
    await this.#sessions.setAll(found.map(({ id, indexed }) => [id, indexed] as const));
  }

  async #unknown(id: string): Promise<{ id: string; indexed: Indexed; searchTerms: string } | undefined> {
    const writtenAt = await this.files(id).writtenAt();
    // A folder without it belongs to an interrupted upload, which will be processed again.
    if (writtenAt === undefined || this.#sessions.get(id)?.writtenAt === writtenAt) return undefined;
    const state = await this.files(id).readState();
    if (!state) return undefined;
    const files = this.files(id, state.archived !== undefined);
    const summary = summaryOf(state, await files.bytes());
    const items = await itemsOf(files, state).catch(
      this.#unreadable(`What was said in session ${id}`, 'found by it'),
    );
    // Without search terms, it is indexed again at the next start.
    return {
      id,
      indexed: { summary, writtenAt: items ? writtenAt : 0 },
      searchTerms: items ? searchTermsOf(items) : this.searchTerms(id),
    };
  }
}

/** Maximum characters of a session's search terms: more than those of two hours of conversation. */
const most = 64_000;

const termsIn = (text: string): string[] =>
  text
    .toLowerCase()
    .normalize('NFC')
    .match(/[\p{L}\p{N}]+/gu) ?? [];

/** The search terms of a conversation: its distinct words, each after a space. */
export function searchTermsOf(items: readonly Pick<ChatItem, 'text'>[], before = ''): string {
  const searchTerms = new Set(before.split(' ').filter(Boolean));
  for (const { text } of items) for (const word of termsIn(text ?? '')) searchTerms.add(word);
  return [...searchTerms]
    .map((word) => ` ${word}`)
    .join('')
    .slice(0, most);
}

/** A predicate of a search: each word of the query is the prefix of a search term. */
export function matcherOf(query: string): (searchTerms: string) => boolean {
  const terms = termsIn(query).map((word) => ` ${word}`);
  return (searchTerms) => terms.every((term) => searchTerms.includes(term));
}
