import type { llm } from '@livekit/agents';

/** Where a conversation stands: the user's last message, and how often tools have answered since. */
export function position({ items }: llm.ChatContext): { message: string | undefined; round: number } {
  let round = 0;
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i];
    if (item?.type === 'message' && item.role === 'user') return { message: item.textContent, round };
    // Several outputs in a row answer one request: a round ends where the outputs end.
    if (item?.type === 'function_call_output' && items[i + 1]?.type !== 'function_call_output') round++;
  }
  return { message: undefined, round };
}
