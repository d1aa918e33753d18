import { segments } from '../catalogue/labels.ts';
import { catalogue, isMetric, type MetricName } from '../catalogue/metrics.ts';
import { code, list, page, table } from './markdown.ts';

/** The validity rules of values, as implemented by `src/session/samples.ts` and its callers. */
export interface Guarded {
  /** The description of such a value. */
  what: string;
  /** The largest valid value, in the series' unit. */
  max: number;
  /** `max` in words. */
  limit: string;
  /** Whether 0 means that nothing was measured, and is rejected. */
  zeroIsMissing: boolean;
  metrics: readonly MetricName[];
}

const threeMinutes = { max: 180, limit: '180 s: no caller waits longer' } as const;
const tenMinutes = { max: 600, limit: '600 s: beyond it a clock jumped or a process slept' } as const;

/** The histograms whose values come from the SDK. Their agreement with the code is tested. */
export const guarded: readonly Guarded[] = [
  {
    what: 'Delays within a conversation',
    ...threeMinutes,
    zeroIsMissing: false,
    metrics: [
      'lk_agents_turn_transcription_delay_seconds',
      'lk_agents_turn_end_of_turn_delay_seconds',
      'lk_agents_turn_on_user_turn_completed_delay_seconds',
      'lk_agents_turn_playback_latency_seconds',
      'lk_agents_eou_transcription_delay_seconds',
      'lk_agents_eou_on_user_turn_completed_delay_seconds',
      'lk_agents_avatar_playback_latency_seconds',
      'lk_agents_first_response_seconds',
    ],
  },
  {
    what: 'Delays that cannot be 0',
    ...threeMinutes,
    zeroIsMissing: true,
    metrics: ['lk_agents_eou_delay_seconds'],
  },
  {
    what: 'Turns, and requests to models and tools',
    ...tenMinutes,
    zeroIsMissing: false,
    metrics: [
      'lk_agents_turn_e2e_latency_seconds',
      'lk_agents_turn_llm_ttft_seconds',
      'lk_agents_turn_tts_ttfb_seconds',
      'lk_agents_llm_ttft_seconds',
      'lk_agents_llm_duration_seconds',
      'lk_agents_stt_duration_seconds',
      'lk_agents_tts_ttfb_seconds',
      'lk_agents_tts_duration_seconds',
      'lk_agents_realtime_ttft_seconds',
      'lk_agents_realtime_duration_seconds',
      'lk_agents_connection_acquire_seconds',
      'lk_agents_avatar_join_duration_seconds',
      'lk_agents_tool_duration_seconds',
    ],
  },
  {
    what: 'Inference of detectors: 0 is what they report when no request was made',
    ...tenMinutes,
    zeroIsMissing: true,
    metrics: [
      'lk_agents_eot_total_duration_seconds',
      'lk_agents_eot_prediction_duration_seconds',
      'lk_agents_eot_detection_delay_seconds',
      'lk_agents_interruption_total_duration_seconds',
      'lk_agents_interruption_prediction_duration_seconds',
      'lk_agents_interruption_detection_delay_seconds',
    ],
  },
  {
    what: 'Rates: 0 is what the SDK reports when no tokens were counted',
    max: 1e12,
    limit: '10¹²',
    zeroIsMissing: true,
    metrics: ['lk_agents_llm_tokens_per_second', 'lk_agents_realtime_tokens_per_second'],
  },
  {
    what: 'Confidence: 0 is that of an STT that reports none',
    max: 1,
    limit: '1',
    zeroIsMissing: true,
    metrics: ['lk_agents_transcript_confidence_ratio'],
  },
  {
    what: 'Calls and silences',
    max: 7 * 24 * 3600,
    limit: 'a week',
    zeroIsMissing: false,
    metrics: ['lk_agents_session_duration_seconds', 'lk_agents_dead_air_seconds'],
  },
];

/** Histograms without validity rules, and the reasons. */
export const unguarded: Partial<Record<MetricName, string>> = {
  lk_agents_turn_estimated_latency_seconds: 'the sum of three values that were each believed',
  lk_agents_session_turns: 'counted by Talkgauge',
  lk_agents_proc_initialize_duration_seconds: 'measured by Talkgauge with a monotonic clock',
  lk_agents_event_loop_blocked_duration_seconds: 'measured by the SDK with a monotonic clock',
  v8js_gc_duration_seconds: 'measured by Node.js with a monotonic clock',
};

const segmentMeanings: Record<(typeof segments)[number], string> = {
  transcription:
    "`transcriptionDelay` of the user's message: from the end of speech to the final transcript.",
  endpointing: 'What `endOfTurnDelay` has beyond it: waiting to be sure that the user is done.',
  user_hook: '`onUserTurnCompletedDelay`: your `onUserTurnCompleted` callback.',
  llm: '`llmNodeTtft` of the step that was spoken, and whole LLM steps before it that led to tool calls.',
  tools: 'Time in which at least one tool ran before the agent spoke. Tools that run at once count once.',
  tts: '`ttsNodeTtfb`: from the first text handed to the TTS to its first audio.',
  unattributed: 'The rest: playback, scheduling, and time that no field reports.',
};

const histograms = Object.keys(catalogue)
  .filter(isMetric)
  .filter((metric) => catalogue[metric]?.type === 'histogram');

/** The definition of turn latency, and its segments. */
export const turnLatencySection = (): string =>
  page([
    '## The measure of a turn',
    "`lk_agents_turn_e2e_latency_seconds` is the SDK's own `ChatMessage.metrics.e2eLatency`: from the end of the " +
      "user's speech to the start of the agent's reply. The SDK measures it for replies to speech of STT-LLM-TTS " +
      'pipelines; greetings, `say()`, typed input and realtime models have none.',
    'Each such turn is split into segments, in `lk_agents_turn_segment_seconds_total{segment}`. ' +
      '**They sum to the latency exactly**: over all segments, their increase equals that of ' +
      '`lk_agents_turn_e2e_latency_seconds_sum`. A stack of mean segments is as high as the mean turn:',
    [
      '```promql',
      'sum by (segment) (rate(lk_agents_turn_segment_seconds_total[5m]))',
      '  / on () group_left () sum(rate(lk_agents_turn_e2e_latency_seconds_count[5m]))',
      '```',
    ].join('\n'),
    table(
      ['Segment', 'What it is'],
      segments.map((segment) => [code(segment), segmentMeanings[segment]]),
    ),
    'Parts overlap where work is done ahead (preemptive generation runs the LLM while the end of turn is still ' +
      'awaited). So each segment takes its measured time or what is left of the turn, whichever is less, in this ' +
      'order: `transcription`, `endpointing`, `user_hook`, which surely come first; `tts`, which surely comes last; ' +
      "`tools`; and `llm`, of which only the part remains that the caller waited for. The user's part is known only " +
      'when the reply answers one of the last two user messages, that is, when both report the same end of speech; else it is ' +
      '`unattributed`.',
    '### The estimated latency',
    "LiveKit's documentation approximates conversation latency by a sum, `total_latency`. It is exported under a name of its own, " +
      '`lk_agents_turn_estimated_latency_seconds`:',
    [
      '```js',
      'eou.endOfUtteranceDelayMs + llm.ttftMs + tts.ttfbMs // Node.js: milliseconds; exported in seconds',
      'eou.end_of_utterance_delay + llm.ttft + tts.ttfb    // Python: seconds',
      '```',
    ].join('\n'),
    list([
      'The three events are joined by speech id, in whatever order they come. The first of each counts: a turn with ' +
        'tools runs its LLM and TTS several times under one id.',
      'A delay of 0 (not detected), a TTFT or TTFB of -1, and a value beyond the guard below are not parts. A speech ' +
        'that lacks a part has no estimate. It is forgotten after ten minutes, or when 256 others wait.',
      'It leaves out tools, all LLM steps but the first, and the overlap of preemptive generation, so it can be far ' +
        'from the turn latency in either direction. Set objectives on `lk_agents_turn_e2e_latency_seconds`.',
    ]),
    '### How turns are counted',
    "`lk_agents_turns_total` counts a turn when it is over: it begins with the user's message (or, for realtime models " +
      "that give no transcript, with the user's voice), and ends when the agent has answered and listens again, when " +
      'its answer is cut off, when the next turn begins, or with the session. `outcome` is `completed`, `interrupted`, ' +
      '`unanswered`: the agent was never heard, or `abandoned`: the caller hung up within 5 s of speaking, before any answer. `tools` says whether tools ran.',
  ]).trimEnd();

/** How the outcome of a request is determined. */
export const requestOutcomesSection = (): string =>
  page([
    '## How requests ended',
    "The SDK's metrics events say of a request only whether it was cancelled. The label `outcome` is:",
    list([
      '`error`: the plugin reported an unrecoverable error within the request; or an LLM request brought nothing, not ' +
        'even an id (so fails what a fallback adapter wraps). A request that failed before it had metrics is counted ' +
        'when the agent moves on.',
      '`cancelled`: the SDK gave it up, because the user interrupted or a preemptive generation was not needed.',
      '`empty`: it succeeded, and brought no token or audio.',
      '`ok`: any other.',
    ]),
  ]).trimEnd();

/** The handling of invalid values. */
export const invalidValuesSection = (): string =>
  page([
    '## Bad values',
    'A value that cannot be true is not observed: it is counted in `talkgauge_invalid_samples_total{metric, reason}`, ' +
      'under the series that it would have been a sample of.',
    table(
      ['Reason', 'Which values'],
      [
        ['`missing`', 'The sentinel -1 (in milliseconds or seconds), and 0 where the table below says so.'],
        ['`nan`', 'NaN, infinity, `null` (what JSON makes of both), and what is no number.'],
        ['`negative`', 'Below 0 otherwise: a clock was set back.'],
        ['`absurd`', 'Above the limit.'],
      ],
    ),
    'A field that an event leaves out (`undefined`) was not measured; that is no bad value and is not counted.',
    table(
      ['What', 'Believed up to', '0 is', 'Series'],
      [
        ...guarded.map(({ what, limit, zeroIsMissing, metrics }) => [
          what,
          limit,
          zeroIsMissing ? '`missing`' : 'a value',
          metrics.map(code).join(', '),
        ]),
        ['All counters', '10¹²', 'nothing to add', 'as listed above'],
      ],
    ),
    'Not guarded:',
    list(
      histograms
        .filter((metric) => !guarded.some(({ metrics }) => metrics.includes(metric)))
        .map(
          (metric) =>
            `${code(metric)}: ${unguarded[metric] ?? 'see where its event is read, in src/agent/livekit'}.`,
        ),
    ),
    'Some fields are read only where they mean something:',
    list([
      '`durationMs` of streaming STT is always 0: only non-streaming requests are observed.',
      '`durationMs` and `tokensPerSecond` of LLM and realtime requests, and `durationMs` of TTS, are not observed when the ' +
        'request was cancelled or failed: when that happened says nothing about how fast the model is.',
      'An `eou_metrics` event whose two delays are 0 was committed without a detected end of speech: it is counted in ' +
        '`lk_agents_eou_events_total{detected="no"}`, and its delays are not observed. The callback ran all the same: its ' +
        'time is observed unless it is 0, too.',
      'Durations of an `interruption_metrics` event with `numRequests` 0 were not measured and are not observed.',
      'A realtime event without duration and tokens reports a connection (its acquisition, or at its end what it lasted): ' +
        'that is recorded, and no request is counted.',
    ]),
  ]).trimEnd();

/** The duplicate events. */
export const duplicatesSection = (): string =>
  page([
    '## Duplicates',
    'An SDK event that repeats another one is counted in `talkgauge_duplicate_events_total{type}` and in no series above:',
    list([
      "A fallback or stream adapter's own event: it repeats its child's, under the provider `unknown`. (The SDK's " +
        '`session.usage` counts both.)',
      'An LLM or TTS event whose request id another plugin of the session has reported: a custom adapter. The same ' +
        'id from the same plugin is another part or request, and so is one from another session. An empty id names nothing.',
      'The streamed event by which a TTS that cannot stream reports the sentences again that it has spoken. It waits up ' +
        'to a second for the sentence that it repeats.',
      'An event of a model instance that several sessions of one process share: it reaches all of them, and the one ' +
        'whose speech it is counts it, or the first.',
    ]),
  ]).trimEnd();
