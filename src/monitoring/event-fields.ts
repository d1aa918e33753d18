import { fieldIn, type SdkFields } from './sdk-field.ts';

const seconds = fieldIn('seconds');
const time = fieldIn('time');
const timeInSeconds = fieldIn('time in seconds');
const flag = fieldIn('flag');
const name = fieldIn('name');
const ratio = fieldIn('ratio');

/** Every field of a message's own metrics. */
export const messageFields = {
  title: 'A message of the conversation: `ChatMessage.metrics`',
  documented: [],
  further: [
    seconds('e2eLatency', 'e2e_latency'),
    seconds('transcriptionDelay', 'transcription_delay'),
    seconds('endOfTurnDelay', 'end_of_turn_delay'),
    seconds('onUserTurnCompletedDelay', 'on_user_turn_completed_delay'),
    seconds('llmNodeTtft', 'llm_node_ttft'),
    seconds('ttsNodeTtfb', 'tts_node_ttfb'),
    seconds('playbackLatency', 'playback_latency'),
    timeInSeconds('startedSpeakingAt', 'started_speaking_at', 'Says which replies were heard, and when.'),
    timeInSeconds(
      'stoppedSpeakingAt',
      'stopped_speaking_at',
      "Finds the user's message that a reply answers.",
    ),
    name('providerRequestIds', undefined, 'An id is never a label.'),
  ],
} as const satisfies SdkFields;

/** The fields of other events that the catalogue's series are made of, by the SDK's type. */
export const eventFields = {
  ChatMessage: [
    flag('interrupted', 'interrupted', 'As the label `outcome`.'),
    ratio('transcriptConfidence', 'transcript_confidence'),
  ],
  FunctionCall: [time('createdAt', 'created_at', "The time from here to the output's.")],
  FunctionCallOutput: [
    flag('isError', 'is_error', 'As the label `outcome`.'),
    time('createdAt', 'created_at', "The time from the call's to here."),
  ],
  EotPredictionEvent: [
    ratio('probability', 'probability', 'Compared with the threshold; as the label `likely`.'),
    ratio('threshold', 'threshold', 'Compared with the probability; as the label `likely`.'),
  ],
  OverlappingSpeechEvent: [flag('isInterruption', 'is_interruption', 'As the label `interruption`.')],
  AgentFalseInterruptionEvent: [flag('resumed', 'resumed', 'As the label `resumed`.')],
  ErrorEvent: [
    name('error.type', 'error.type', 'As the label `component`.'),
    flag('error.recoverable', 'error.recoverable', 'As the label `recoverable`.'),
  ],
  CloseEvent: [name('reason', 'reason', 'As the label `close_reason`.')],
} as const;
