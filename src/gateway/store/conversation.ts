import { type ChatItem, mergeItems } from '../decode/chat-item.ts';
import type { SpanRecord } from '../decode/records.ts';
import { factsOf } from '../decode/span-facts.ts';
import type { SessionFiles } from './session-files.ts';
import type { SessionState } from './session-state.ts';
import { spanSummaries } from './span-summaries.ts';

/**
 * Conversation items from a span of a live call, until the SDK sends the conversation itself.
 *
 * @param redacted whether the session's spans lack transcripts: then a user turn may have no text
 */
export function provisionalItems(span: SpanRecord, language?: string, redacted = false): ChatItem[] {
  const facts = factsOf(span, language);
  const base = { id: `span-${span.spanId}`, at: span.start, provisional: true } as const;
  switch (facts?.of) {
    case 'user_turn':
      if (facts.transcript === undefined && !redacted) return [];
      return [
        {
          ...base,
          type: 'message',
          role: 'user',
          ...(facts.transcript !== undefined && { text: facts.transcript }),
          confidence: facts.confidence,
          metrics: {
            startedSpeakingAt: span.start,
            transcriptionDelay: facts.transcriptionDelay,
            endOfTurnDelay: facts.endOfTurnDelay,
            onUserTurnCompletedDelay: facts.onUserTurnCompletedDelay,
          },
        },
      ];
    case 'agent_turn':
      if (facts.response === undefined) return [];
      return [
        {
          ...base,
          type: 'message',
          role: 'assistant',
          text: facts.response,
          interrupted: facts.interrupted ?? false,
          metrics: { e2eLatency: facts.e2eLatency },
        },
      ];
    case 'function_tool':
      return [
        {
          ...base,
          type: 'function_call',
          name: facts.tool,
          callId: facts.callId,
          arguments: facts.arguments,
        },
        {
          ...base,
          id: `${base.id}-output`,
          at: span.end,
          type: 'function_call_output',
          name: facts.tool,
          callId: facts.callId,
          output: facts.output,
          isError: facts.isError,
        },
      ];
    default:
      return [];
  }
}

/** The conversation of a session: as sent by the SDK, otherwise reconstructed from its spans. */
export async function itemsOf(files: SessionFiles, state: SessionState): Promise<ChatItem[]> {
  const sent = await files.read<ChatItem[]>('transcript');
  if (sent) return sent;
  const items: ChatItem[] = [];
  for await (const span of spanSummaries(files, state.sizes)) {
    items.push(...provisionalItems(span, state.identity.language, state.identity.redacted));
  }
  return mergeItems([], items);
}
