import { randomUUID } from 'node:crypto';

/** Seconds from a user's turn to the next. */
const turnSeconds = 7;

const asked = 'Can you tell me when the parcel with the new address comes, please?';
const answered =
  'It is on its way, and it should be with you by tomorrow afternoon; the driver rings twice, and leaves it with a neighbour if nobody is there.';
const instructions = `You help people with their parcels. ${'Be kind, and brief. '.repeat(20)}`;
const request = JSON.stringify({
  ttft: 0.2,
  duration: 0.6,
  prompt_tokens: 1200,
  completion_tokens: 40,
  metadata: { model_provider: 'openai', model_name: 'gpt-4o' },
});

/**
 * What the gateway receives of a call with so many turns: ten spans of each, as the SDKs send them, with the whole conversation
 * so far on each request to the LLM; and the conversation.
 *
 * @param start unix seconds
 */
export function callOf(jobId, start, turns) {
  const spans = [];
  const items = [];
  const context = [{ id: 'item_0', type: 'message', role: 'system', content: [instructions] }];
  const said = (role, text) =>
    context.push({
      id: `item_${randomUUID().slice(0, 12)}`,
      type: 'message',
      role,
      content: [text],
      interrupted: false,
    });
  const add = (name, from, to, attributes, parentId) => {
    const spanId = (spans.length + 1).toString(16).padStart(16, '0');
    const own = { 'service.name': 'livekit-agents', job_id: jobId, room_id: 'RM_bench', ...attributes };
    spans.push({ traceId: 'b'.repeat(32), spanId, parentId, name, start: from, end: to, attributes: own });
    return spanId;
  };
  for (let n = 0; n < turns; n++) {
    const began = start + 1 + n * turnSeconds;
    const stopped = began + 2;
    const spoke = stopped + 0.8;
    const end = spoke + 3;
    const turn = add('user_turn', began, stopped + 0.3, { 'lk.user_transcript': asked });
    add('user_speaking', began, stopped, {}, turn);
    const step = add('agent_turn', stopped + 0.3, end, {
      'lk.speech_id': `s${n}`,
      'lk.response.text': answered,
    });
    said('user', asked);
    const prompt = {
      'lk.pii.chat_ctx': JSON.stringify({ items: context }),
      'lk.function_tools': '["look_up"]',
    };
    const llm = add('llm_node', stopped + 0.3, spoke, { ...prompt, 'lk.response.ttft': 0.2 }, step);
    said('assistant', answered);
    const asking = add('llm_request', stopped + 0.3, spoke, { 'lk.llm_metrics': request }, llm);
    add('llm_request_run', stopped + 0.3, spoke, {}, asking);
    const tts = add('tts_node', spoke - 0.2, spoke + 1, { 'lk.response.ttfb': 0.15 }, step);
    const saying = add('tts_request', spoke - 0.2, spoke + 1, {}, tts);
    add('tts_request_run', spoke - 0.2, spoke + 1, {}, saying);
    add('agent_speaking', spoke, end, {}, step);
    items.push(
      {
        ...{ id: `u${n}`, type: 'message', role: 'user', at: stopped + 0.3, text: asked },
        metrics: {
          startedSpeakingAt: began,
          stoppedSpeakingAt: stopped,
          transcriptionDelay: 0.2,
          endOfTurnDelay: 0.3,
        },
      },
      {
        id: `c${n}`,
        type: 'function_call',
        at: stopped + 0.4,
        name: 'look_up',
        callId: `c${n}`,
        arguments: '{"n":1}',
      },
      {
        id: `o${n}`,
        type: 'function_call_output',
        at: stopped + 0.5,
        name: 'look_up',
        callId: `c${n}`,
        output: '"here"',
      },
      {
        ...{ id: `a${n}`, type: 'message', role: 'assistant', at: stopped + 0.5, text: answered },
        metrics: {
          startedSpeakingAt: spoke,
          stoppedSpeakingAt: end,
          llmTtft: 0.2,
          ttsTtfb: 0.15,
          e2eLatency: 0.8,
        },
      },
    );
  }
  return {
    identity: { jobId, agentName: 'bench', language: 'python', redacted: false, simulated: false },
    spans: spans.map((span) => ({ ...span, events: [], status: 'unset' })),
    items,
    logs: [],
    evaluations: [],
    metrics: [],
    report: { startedAt: start, reportedAt: start + turns * turnSeconds, options: {}, usage: [], tags: [] },
  };
}
