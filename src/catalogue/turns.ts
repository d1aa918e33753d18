import * as buckets from './buckets.ts';
import { model, segments, yesNo } from './labels.ts';
import type { MetricSpec } from './types.ts';

const message = (node: string, python: string) => [{ of: 'ChatMessage.metrics', node, python }];

/** Turn latency and its segments, from `ChatMessage.metrics` of the conversation's messages. */
export const turns = {
  lk_agents_turn_e2e_latency_seconds: {
    type: 'histogram',
    help: "Time from the end of the user's speech to the start of the agent's reply.",
    unit: 'seconds',
    labels: model,
    buckets: buckets.conversation,
    source: 'conversation_item_added: assistant message',
    fields: message('e2eLatency', 'e2e_latency'),
  },
  lk_agents_turn_llm_ttft_seconds: {
    type: 'histogram',
    help: 'Time to the first token of the LLM node, as part of a turn; retries are included.',
    unit: 'seconds',
    labels: model,
    buckets: buckets.conversation,
    source: 'conversation_item_added: assistant message',
    fields: message('llmNodeTtft', 'llm_node_ttft'),
  },
  lk_agents_turn_tts_ttfb_seconds: {
    type: 'histogram',
    help: 'Time to the first audio of the TTS node, as part of a turn.',
    unit: 'seconds',
    labels: model,
    buckets: buckets.conversation,
    source: 'conversation_item_added: assistant message',
    fields: message('ttsNodeTtfb', 'tts_node_ttfb'),
  },
  lk_agents_turn_transcription_delay_seconds: {
    type: 'histogram',
    help: "Time from the end of the user's speech to its final transcript.",
    unit: 'seconds',
    labels: {},
    buckets: buckets.conversation,
    source: 'conversation_item_added: user message',
    fields: message('transcriptionDelay', 'transcription_delay'),
  },
  lk_agents_turn_end_of_turn_delay_seconds: {
    type: 'histogram',
    help: "Time from the end of the user's speech to the decision that the turn is over; includes the transcription delay.",
    unit: 'seconds',
    labels: {},
    buckets: buckets.conversation,
    source: 'conversation_item_added: user message',
    fields: message('endOfTurnDelay', 'end_of_turn_delay'),
  },
  lk_agents_turn_on_user_turn_completed_delay_seconds: {
    type: 'histogram',
    help: "Time spent in the agent's onUserTurnCompleted callback.",
    unit: 'seconds',
    labels: {},
    buckets: buckets.conversation,
    source: 'conversation_item_added: user message',
    fields: message('onUserTurnCompletedDelay', 'on_user_turn_completed_delay'),
  },
  lk_agents_turn_playback_latency_seconds: {
    type: 'histogram',
    help: 'Time from handing the first audio frame to the output until playback starts.',
    unit: 'seconds',
    labels: {},
    buckets: buckets.conversation,
    source: 'conversation_item_added: assistant message',
    fields: message('playbackLatency', 'playback_latency'),
  },
  lk_agents_turn_estimated_latency_seconds: {
    type: 'histogram',
    help: 'The documented approximation of turn latency: end-of-utterance delay + LLM TTFT + TTS TTFB of one speech.',
    unit: 'seconds',
    labels: {},
    buckets: buckets.conversation,
    source: 'metrics_collected: eou_metrics, llm_metrics and tts_metrics, joined by speechId',
    fields: [
      { of: 'EOUMetrics', node: 'speechId', python: 'speech_id' },
      { of: 'LLMMetrics', node: 'speechId', python: 'speech_id' },
      { of: 'TTSMetrics', node: 'speechId', python: 'speech_id' },
    ],
  },
  lk_agents_turn_segment_seconds_total: {
    type: 'counter',
    help: 'Turn latency by segment; the segments sum to lk_agents_turn_e2e_latency_seconds_sum.',
    unit: 'seconds',
    labels: { segment: segments },
    source:
      "conversation_item_added and function_tools_executed; see docs/metrics.md, 'The measure of a turn'",
  },
  lk_agents_turns_total: {
    type: 'counter',
    help: 'User turns by outcome; unanswered: the agent did not answer; abandoned: the caller hung up before an answer.',
    unit: 'turns',
    labels: { outcome: ['completed', 'interrupted', 'unanswered', 'abandoned'], tools: yesNo },
    source: 'conversation_item_added, function_tools_executed, agent_state_changed, close',
    fields: [{ of: 'ChatMessage', node: 'interrupted', python: 'interrupted' }],
  },
} as const satisfies Record<string, MetricSpec>;
