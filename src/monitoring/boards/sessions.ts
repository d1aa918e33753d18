import { spans } from '../traceql/spans.ts';
import type { BoardContext, BoardSpec, Row } from './panels/board.ts';
import { recordsTable, traceTable } from './panels/calls.ts';
import { stat } from './panels/charts.ts';

/** Where one call is found among all. */
export const sessions: BoardSpec = {
  name: 'sessions',
  description:
    'Which call was it? Find one by its agent, its time, how slow it was, what failed, or what was said.',
  sources: ['logs', 'traces'],
  inputs: [
    {
      name: 'slower',
      label: 'Turns slower than (s)',
      description: 'From which latency on a turn is listed as slow, in seconds.',
      value: '1.5',
    },
    {
      name: 'words',
      label: 'Words',
      description: 'Part of what was said, whatever the case of its letters; also a regular expression.',
      value: '',
    },
  ],
  rows: (context) => [summary(context), calls(context), slowAndFailed(context), messages(context), byTrace()],
};

/** Why there may be nothing. */
const recordsRequired = 'Requires agents with an OTLP endpoint for logs, or a gateway that forwards to Loki.';

/** Why words may be missing. */
export const noTranscript =
  'Text requires recording: TALKGAUGE_RECORD=transcript in the agent, or an upload to the gateway without redaction.';

/** The numbers of matching sessions. */
const summary = ({ records }: BoardContext): Row => {
  const counted = (title: string, description: string, expr: string, bad?: number) =>
    stat({
      title,
      description,
      unit: 'short',
      width: 6,
      decimals: 0,
      empty: '0',
      targets: [{ expr, from: 'logs', as: 'instant' }],
      ...(bad !== undefined && { limits: { bad } }),
    });
  return {
    panels: [
      counted(
        'Calls that ended',
        `Calls of the chosen agents that ended in this time range. ${recordsRequired}`,
        records.count('lk.session_end'),
      ),
      counted(
        'Slow turns',
        'Turns that took longer than the seconds on top of this board. Below, the slowest come first.',
        records.count('lk.turn', { where: { 'lk.e2e_latency': ['>=', '$slower'] } }),
        1,
      ),
      counted(
        'Calls in which a model failed',
        'Calls that ended in this time range and in which a model failed at least once, also if it was tried again.',
        records.count('lk.session_end', { where: { 'lk.errors': ['>', 0] } }),
        1,
      ),
      counted(
        'Failed tool calls',
        'Calls of tools that ended in an error, in this time range.',
        records.count('lk.tool_call', { where: { 'lk.function_tool.is_error': ['=', 'true'] } }),
        1,
      ),
    ],
  };
};

/** Calls by when they ended, and those that have not. */
const calls = ({ records, objectives: { turnLatency } }: BoardContext): Row => ({
  title: 'Calls',
  panels: [
    recordsTable({
      title: 'Calls',
      description: `Calls that ended, the last first. Click one to see what was said in it and what it waited for; click a heading to sort by it. ${recordsRequired}`,
      width: 24,
      height: 11,
      empty: 'No call ended in this time range',
      expr: records.of('lk.session_end'),
      columns: [
        { title: 'Agent', of: 'lk.agent_name' },
        { title: 'Version', of: 'lk.agent_version' },
        { title: 'Ended', of: 'lk.close_reason', width: 205 },
        { title: 'Duration', of: 'lk.duration', unit: 's', decimals: 0 },
        { title: 'Turns', of: 'lk.turns', unit: 'short', decimals: 0 },
        {
          title: 'Slowest turn',
          of: 'lk.slowest_turn',
          unit: 's',
          limits: { bad: turnLatency.seconds },
        },
        { title: 'Interruptions', of: 'lk.interruptions', unit: 'short', decimals: 0 },
        { title: 'Tool calls', of: 'lk.tool_calls', unit: 'short', decimals: 0 },
        { title: 'Failed', of: 'lk.tool_errors', unit: 'short', decimals: 0, limits: { bad: 1 } },
        { title: 'Model errors', of: 'lk.errors', unit: 'short', decimals: 0, limits: { bad: 1 } },
      ],
    }),
  ],
});

/** Problematic turns: slow, unanswered, interrupted. */
const slowAndFailed = ({ records, objectives: { turnLatency } }: BoardContext): Row => ({
  panels: [
    recordsTable({
      title: 'Slowest turns',
      description:
        'Turns that took longer than the seconds on top of this board, the slowest first, with the part of them that was spent on the LLM, on tools and on the TTS. Click one for its call.',
      width: 12,
      height: 11,
      empty: 'No turn was that slow',
      expr: records.of('lk.turn', { where: { 'lk.e2e_latency': ['>=', '$slower'] } }),
      sortBy: 'Latency',
      columns: [
        { title: 'Agent', of: 'lk.agent_name' },
        {
          title: 'Latency',
          of: 'lk.e2e_latency',
          unit: 's',
          limits: { bad: turnLatency.seconds },
        },
        { title: 'LLM', of: 'lk.segment.llm', unit: 's' },
        { title: 'Tools', of: 'lk.segment.tools', unit: 's' },
        { title: 'TTS', of: 'lk.segment.tts', unit: 's' },
        { title: 'Outcome', of: 'lk.turn.outcome' },
      ],
    }),
    recordsTable({
      title: 'What went wrong',
      description:
        'Models and tools that failed, transcripts that did not come, calls that ended in error; the last first. Click one for its call.',
      width: 12,
      height: 11,
      empty: 'Nothing went wrong in this time range',
      expr: records.of(['lk.error', 'lk.tool_call', 'lk.transcription_timeout', 'lk.session_end'], {
        where: { severity_text: ['=~', 'WARN|ERROR'] },
      }),
      columns: [
        { title: 'Agent', of: 'lk.agent_name', width: 110 },
        { title: 'What', of: 'Line' },
        { title: 'Provider', of: 'lk.model_provider', width: 90 },
        { title: 'Model', of: 'lk.model_name', width: 130 },
      ],
    }),
  ],
});

/** What was said in all calls. */
const messages = ({ records }: BoardContext): Row => ({
  panels: [
    recordsTable({
      title: 'What was said',
      description: `Messages of callers and agents that hold the words on top of this board; without words, the last ones. ${noTranscript} Otherwise the table shows the length of each message.`,
      width: 16,
      height: 11,
      empty: 'No message matches in this time range',
      expr: records.of('lk.conversation_item', { text: '${words:raw}' }),
      columns: [
        { title: 'Agent', of: 'lk.agent_name', width: 140 },
        { title: 'Who', of: 'lk.role', width: 90 },
        { title: 'What', of: 'Line' },
      ],
    }),
    recordsTable({
      title: 'Calls that began',
      description:
        'Calls by start time, the latest first. Includes running calls, and calls that ended without a final record.',
      width: 8,
      height: 11,
      empty: 'No call began in this time range',
      expr: records.of('lk.session_start'),
      columns: [
        { title: 'Agent', of: 'lk.agent_name' },
        { title: 'Version', of: 'lk.agent_version' },
      ],
    }),
  ],
});

/** The same by spans, for agents that send traces and no logs. */
const byTrace = (): Row => ({
  title: 'By traces',
  panels: [
    traceTable({
      title: 'Traces with slow turns',
      description:
        'Calls with a turn that took longer than the seconds on top of this board, according to their traces. Click the id of one for its call.',
      width: 12,
      empty: 'No trace has such a turn',
      expr: spans('agent_turn', { 'lk.e2e_latency': ['>', '$slower'] }, ['lk.e2e_latency']),
    }),
    traceTable({
      title: 'Traces with failed tools',
      description:
        'Calls in which a tool failed, according to their traces. Click the id of one for its call.',
      width: 12,
      empty: 'No trace has such a tool',
      expr: spans('function_tool', { 'lk.function_tool.is_error': ['=', true] }),
    }),
  ],
});
