import type { ChatItem } from '../../src/gateway/decode/chat-item.ts';
import { emptyBatch, type SessionBatch, type SpanRecord } from '../../src/gateway/decode/records.ts';

export interface CallOptions {
  job: string;
  /** Unix seconds. */
  start: number;
  turns: number;
  agent?: string;
  /** The user's message in turn `n`. */
  asks?: (n: number) => string;
  /** The agent's message in turn `n`. */
  answers?: (n: number) => string;
  /** The number of last turns with LLM requests that contain the conversation so far, as written by the SDKs. @default 0 */
  prompts?: number;
}

/** Seconds from one user turn to the next. */
export const turnSeconds = 7;

const asked = ['When does my parcel come?', 'Can you change the address?', 'And what does that cost?'];
const answered = [
  'It is on its way, and it should be with you by tomorrow afternoon.',
  'Of course. To which address should it go from now on?',
  'Nothing, as long as it stays in the same city.',
];
const of = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;

/** A call with a given number of turns: every fifth with a tool call, every eleventh interrupted. */
export function callOf(options: CallOptions): SessionBatch {
  const { job, start, turns, agent = 'front-desk', prompts = 0 } = options;
  const identity = { jobId: job, agentName: agent, language: 'python', redacted: false, simulated: false };
  const spans: SpanRecord[] = [];
  const items: ChatItem[] = [];
  const prompt: object[] = [];
  let count = 0;
  const add = (name: string, from: number, to: number, attributes: object, parentId?: string): string => {
    const spanId = (++count).toString(16).padStart(16, '0');
    const base = { traceId: 'a'.repeat(32), spanId, parentId, name, start: from, end: to };
    spans.push({ ...base, attributes: attributes as SpanRecord['attributes'], events: [], status: 'unset' });
    return spanId;
  };
  for (let n = 0; n < turns; n++) {
    const began = start + 1 + n * turnSeconds;
    const stopped = began + 2;
    const tool = n % 5 === 4;
    const wait = 0.6 + (n % 7) * 0.1 + (tool ? 0.8 : 0);
    const spoke = stopped + wait;
    const interrupted = n % 11 === 10;
    const done = interrupted ? spoke + 1 : spoke + 2.5;
    const text = options.asks?.(n) ?? of(asked, n);
    const reply = options.answers?.(n) ?? of(answered, n);
    const message = (role: string, said: string) =>
      prompt.push({ id: `item_${role}${n}`, type: 'message', role, content: [said], interrupted: false });
    message('user', text);
    const turn = add('user_turn', began, stopped + 0.3, { 'lk.user_transcript': text });
    add('user_speaking', began, stopped, {}, turn);
    const step = add('agent_turn', stopped + 0.3, done, {
      'lk.speech_id': `speech_${n}`,
      'lk.e2e_latency': wait,
      'lk.response.text': reply,
      'lk.interrupted': interrupted,
    });
    add(
      'llm_node',
      stopped + 0.3,
      spoke - 0.1,
      {
        'lk.response.ttft': 0.2,
        'gen_ai.request.model': 'gpt-4o',
        ...(n >= turns - prompts && { 'lk.pii.chat_ctx': JSON.stringify({ items: prompt }) }),
      },
      step,
    );
    message('assistant', reply);
    add('tts_node', spoke - 0.2, done, { 'lk.response.ttfb': 0.1 }, step);
    add('agent_speaking', spoke, done, {}, step);
    items.push({
      id: `user-${n}`,
      type: 'message',
      role: 'user',
      at: stopped + 0.3,
      text,
      confidence: 0.95,
      metrics: {
        startedSpeakingAt: began,
        stoppedSpeakingAt: stopped,
        transcriptionDelay: 0.15,
        endOfTurnDelay: 0.3,
        onUserTurnCompletedDelay: 0.01,
      },
    });
    if (tool) {
      const callId = `call-${n}`;
      const failed = n % 10 === 9;
      const call = { name: 'look_up_parcel', callId };
      items.push(
        { id: callId, type: 'function_call', at: stopped + 0.35, ...call, arguments: `{"number":${n}}` },
        {
          id: `${callId}-output`,
          type: 'function_call_output',
          at: stopped + 0.75,
          ...call,
          output: failed ? 'There is no such parcel' : '{"where":"Rotterdam","when":"tomorrow"}',
          isError: failed,
        },
      );
    }
    items.push({
      id: `agent-${n}`,
      type: 'message',
      role: 'assistant',
      at: tool ? stopped + 0.8 : stopped + 0.3,
      text: reply,
      interrupted,
      metrics: {
        startedSpeakingAt: spoke,
        stoppedSpeakingAt: done,
        llmTtft: 0.2,
        ttsTtfb: 0.1,
        e2eLatency: wait,
      },
    });
  }
  const end = start + 1 + turns * turnSeconds;
  return {
    ...emptyBatch(identity),
    spans,
    items,
    logs: [
      {
        at: end,
        level: 'info',
        message: 'session closed',
        scope: 'livekit.agents',
        attributes: { reason: 'user_initiated' },
      },
    ],
    report: { startedAt: start, reportedAt: end, options: {}, usage: [], tags: [] },
  };
}
