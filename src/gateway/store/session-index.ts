import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChatItem, mergeItems } from '../decode/chat-item.ts';
import type { SpanRecord } from '../decode/records.ts';
import { Journal } from './journal.ts';
import { provisionalItems } from './provisional.ts';
import { SessionFiles } from './session-files.ts';
import { isSessionId } from './session-id.ts';
import type { SessionState } from './session-state.ts';
import { type SessionSummary, summaryOf } from './summary.ts';
import { wordsOf } from './words.ts';

interface Indexed {
  summary: SessionSummary;
  /** When `session.json` was written of which it is the summary, in milliseconds. */
  writtenAt: number;
}

/**
 * What lists and searches read: summaries and words of all sessions, in memory and in two files. It can be made anew
 * from the sessions' folders, and is checked against them when it is opened.
 */
export class SessionIndex {
  readonly #sessions: Journal<Indexed>;
  readonly #words: Journal<string>;

  private constructor(sessions: Journal<Indexed>, words: Journal<string>) {
    this.#sessions = sessions;
    this.#words = words;
  }

  /** @param directory of the store; the sessions' folders are in its folder `sessions` */
  static async open(directory: string): Promise<SessionIndex> {
    const folders = join(directory, 'sessions');
    await mkdir(folders, { recursive: true, mode: 0o700 });
    const index = new SessionIndex(
      await Journal.open<Indexed>(join(directory, 'index.jsonl')),
      await Journal.open<string>(join(directory, 'words.jsonl')),
    );
    const there = new Set((await readdir(folders)).filter(isSessionId));
    for (const [id] of [...index.#sessions.entries()]) if (!there.has(id)) await index.delete(id);
    for (const id of there) await index.#check(new SessionFiles(join(folders, id)), id);
    return index;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** What all sessions take on disk. */
  get bytes(): number {
    let sum = 0;
    for (const { summary } of this.#sessions.values()) sum += summary.bytes;
    return sum;
  }

  get(id: string): SessionSummary | undefined {
    return this.#sessions.get(id)?.summary;
  }

  words(id: string): string {
    return this.#words.get(id) ?? '';
  }

  summaries(): SessionSummary[] {
    return [...this.#sessions.values()].map(({ summary }) => summary);
  }

  /** Takes up what was written of a session. */
  async set(files: SessionFiles, state: SessionState): Promise<SessionSummary> {
    const summary = summaryOf(state, await files.bytes());
    await this.#sessions.set(state.id, { summary, writtenAt: (await files.writtenAt()) ?? 0 });
    return summary;
  }

  async setWords(id: string, words: string): Promise<void> {
    if (words !== this.words(id)) await this.#words.set(id, words);
  }

  async delete(id: string): Promise<void> {
    await this.#sessions.delete(id);
    await this.#words.delete(id);
  }

  /** Takes out of the files what was said in them before: of what is deleted or redacted, nothing stays. */
  async forget(): Promise<void> {
    await this.#sessions.compact();
    await this.#words.compact();
  }

  async #check(files: SessionFiles, id: string): Promise<void> {
    const writtenAt = await files.writtenAt();
    // A folder without it is of an upload that was being taken up, and will be again.
    if (writtenAt === undefined) return;
    const known = this.#sessions.get(id);
    if (known?.writtenAt === writtenAt) return;
    const state = await files.readState().catch(() => undefined);
    if (!state) return;
    await this.set(files, state);
    await this.setWords(id, wordsOf(await itemsOf(files, state)));
  }
}

/** The conversation of a session: as the SDK sent it, else as its spans tell it. */
export async function itemsOf(files: SessionFiles, state: SessionState): Promise<ChatItem[]> {
  const sent = await files.read<ChatItem[]>('transcript');
  if (sent) return sent;
  const items: ChatItem[] = [];
  for await (const span of files.records<SpanRecord>('spans', state.sizes.spans)) {
    items.push(...provisionalItems(span, state.identity.language));
  }
  return mergeItems([], items);
}
