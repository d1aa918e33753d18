import type { ChatItem } from '../decode/chat-item.ts';

/** Characters of distinct words that are kept of a session: more than two hours of talk have. */
const most = 64_000;

const wordsIn = (text: string): string[] =>
  text
    .toLowerCase()
    .normalize('NFC')
    .match(/[\p{L}\p{N}]+/gu) ?? [];

/** The distinct words of a conversation, each with a blank before it. */
export function wordsOf(items: readonly Pick<ChatItem, 'text'>[], before = ''): string {
  const words = new Set(before.split(' ').filter(Boolean));
  for (const { text } of items) for (const word of wordsIn(text ?? '')) words.add(word);
  return [...words]
    .map((word) => ` ${word}`)
    .join('')
    .slice(0, most);
}

/** What a search asks for: each of its words begins one of the conversation's. */
export function matcherOf(query: string): (words: string) => boolean {
  const terms = wordsIn(query).map((word) => ` ${word}`);
  return (words) => terms.every((term) => words.includes(term));
}
