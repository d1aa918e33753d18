import { tracesOfJob } from '../traceql/spans.ts';
import type { BoardContext, BoardSpec, Row } from './panels/board.ts';
import { logLines, recordsTable, trace, traceTable, unknownCall, waterfall } from './panels/calls.ts';
import { text } from './panels/panel.ts';
import { noTranscript } from './sessions.ts';

/** One call: its conversation, latencies, errors and trace. */
export const session: BoardSpec = {
  name: 'session',
  description:
    'What happened in this call? Its job or its trace says which it is: choose one on the board Sessions.',
  sources: ['logs', 'traces'],
  // For who comes with an id only. What leads here brings its time range.
  from: 'now-24h',
  inputs: [
    {
      name: 'job_id',
      label: 'Job',
      description: "The id of the call's job, AJ_…; `none` where only its trace is known.",
      value: unknownCall.job_id,
    },
    {
      name: 'trace_id',
      label: 'Trace',
      description: "The id of the call's trace; `{false}` where only its job is known.",
      value: unknownCall.trace_id,
    },
  ],
  rows: (context) => [
    outcome(context),
    conversation(context),
    details(context),
    reportAndRecording(context),
    ...traceAndLog(context),
  ],
};

/** Why a panel about one call is empty. */
const noCall = 'Nothing of this call in this time range';

/** What the reader can do about it. */
const emptyHint =
  'If it is empty, no call is chosen (choose one on the board Sessions), or the time range leaves it out.';

/** The call in a line, and where there is more of it. */
const outcome = ({ records, objectives: { turnLatency }, settings: { gateway } }: BoardContext): Row => ({
  panels: [
    recordsTable({
      title: 'The call',
      description: `When it began and ended, and what it came to: its slowest turn, how often the agent was cut off, tools and those of them that failed, errors of models. Click a row where only the job or only the trace is known: it fills in both. ${emptyHint}`,
      width: 19,
      height: 5,
      empty: noCall,
      ascending: true,
      expr: records.of(['lk.session_start', 'lk.session_end'], { of: 'call' }),
      columns: [
        { title: 'What', of: 'Line', width: 300 },
        { title: 'Agent', of: 'lk.agent_name', width: 110 },
        { title: 'Version', of: 'lk.agent_version', width: 70 },
        { title: 'Duration', of: 'lk.duration', unit: 's', decimals: 0 },
        { title: 'Turns', of: 'lk.turns', unit: 'short', decimals: 0 },
        {
          title: 'Slowest',
          of: 'lk.slowest_turn',
          unit: 's',
          limits: { bad: turnLatency.seconds },
        },
        { title: 'Cut off', of: 'lk.interruptions', unit: 'short', decimals: 0 },
        { title: 'Tools', of: 'lk.tool_calls', unit: 'short', decimals: 0 },
        { title: 'Failed', of: 'lk.tool_errors', unit: 'short', decimals: 0, limits: { bad: 1 } },
        { title: 'Errors', of: 'lk.errors', unit: 'short', decimals: 0, limits: { bad: 1 } },
      ],
    }),
    text({
      title: 'In the gateway',
      description: 'The page of this call in the gateway: its recording beside the timeline, and its report.',
      content: `[Listen to it, and read its report](${gateway}/sessions/\${job_id})\n\nif it was uploaded to the gateway, and its job is known: where Job is \`none\`, click a row of *The call*.`,
      width: 5,
      height: 5,
    }),
  ],
});

/** Who said it, then what; other things that happened stand between. Without its text, a message says itself whose it is. */
const format = [
  '{{ if ne .event_name "lk.conversation_item" }}— {{ __line__ }}',
  '{{ else if hasPrefix (print .lk_role " message, ") __line__ }}{{ __line__ }}',
  '{{ else }}{{ .lk_role }}{{ if eq .lk_interrupted "true" }} (interrupted){{ end }}: {{ __line__ }}{{ end }}',
].join('');

/** What was said, and beside it what each turn waited for. */
const conversation = ({ records, objectives: { turnLatency } }: BoardContext): Row => ({
  panels: [
    logLines({
      title: 'Transcript',
      description: `What was said, and what happened meanwhile: tools, handoffs, errors, interruptions. ${noTranscript} Otherwise the panel shows who spoke, and the length of each message. ${emptyHint}`,
      width: 14,
      height: 16,
      empty: noCall,
      expr: records.of(
        [
          'lk.session_start',
          'lk.conversation_item',
          'lk.tool_call',
          'lk.handoff',
          'lk.interruption',
          'lk.false_interruption',
          'lk.transcription_timeout',
          'lk.error',
          'lk.session_end',
        ],
        { of: 'call', format },
      ),
    }),
    waterfall({
      title: 'What each turn waited for',
      description: `A bar for each turn, as long as its latency: from the end of the caller's speech to the start of the reply. Turns above ${turnLatency.seconds} s miss the objective. Turns whose latency the SDK does not measure have no bar: greetings, typed input, realtime models.`,
      width: 10,
      height: 16,
      empty: 'No measured turn of this call in this time range',
      expr: records.of('lk.turn', { of: 'call', where: { 'lk.segment.unattributed': ['>=', 0] } }),
    }),
  ],
});

/** Turns, tools and errors, each with its figures. */
const details = ({ records, objectives: { turnLatency, toolDuration } }: BoardContext): Row => ({
  panels: [
    recordsTable({
      title: 'Turns',
      description:
        'Each turn with its latency and what the SDK measured on both sides of it. End of turn includes the transcription.',
      width: 10,
      height: 10,
      empty: noCall,
      leads: false,
      ascending: true,
      expr: records.of('lk.turn', { of: 'call' }),
      columns: [
        { title: 'Turn', of: 'lk.turn.number', unit: 'short', decimals: 0, width: 60 },
        {
          title: 'Latency',
          of: 'lk.e2e_latency',
          unit: 's',
          limits: { bad: turnLatency.seconds },
        },
        { title: 'End of turn', of: 'lk.end_of_turn_delay', unit: 's' },
        { title: 'LLM', of: 'lk.response.ttft', unit: 's' },
        { title: 'TTS', of: 'lk.response.ttfb', unit: 's' },
        { title: 'Outcome', of: 'lk.turn.outcome' },
      ],
    }),
    recordsTable({
      title: 'Tools',
      description: `Each call of a tool, how long it took, and, where what was said is recorded, with what it was called and what it answered. The objective is ${toolDuration} s.`,
      width: 9,
      height: 10,
      empty: 'No tool was called',
      leads: false,
      ascending: true,
      expr: records.of('lk.tool_call', { of: 'call' }),
      columns: [
        { title: 'Tool', of: 'lk.function_tool.name', width: 130 },
        {
          title: 'Took',
          of: 'lk.duration',
          unit: 's',
          limits: { bad: toolDuration },
          width: 90,
        },
        { title: 'Failed', of: 'lk.function_tool.is_error', width: 65 },
        { title: 'Arguments', of: 'lk.pii.function_tool.arguments' },
        { title: 'Answer', of: 'lk.pii.function_tool.output' },
      ],
    }),
    recordsTable({
      title: 'Errors',
      description:
        'Models and tools that failed in this call, transcripts that did not come, and whether it ended in error.',
      width: 5,
      height: 10,
      empty: 'Nothing went wrong',
      leads: false,
      ascending: true,
      expr: records.of(['lk.error', 'lk.tool_call', 'lk.transcription_timeout', 'lk.session_end'], {
        of: 'call',
        where: { severity_text: ['=~', 'WARN|ERROR'] },
      }),
      columns: [
        { title: 'What', of: 'Line' },
        { title: 'Model', of: 'lk.model_name' },
      ],
    }),
  ],
});

/** What is kept of the call elsewhere. */
const reportAndRecording = ({ records }: BoardContext): Row => ({
  panels: [
    recordsTable({
      title: 'Report',
      description:
        'Where the session report is, with its sums. It is written if TALKGAUGE_REPORTS names a folder or a bucket; received: the gateway has that of the SDK, under this path of its API. A cost that leaves out usage without a known price is incomplete.',
      width: 12,
      height: 5,
      empty: 'There is no report',
      leads: false,
      ascending: true,
      expr: records.of('lk.session_report', { of: 'call' }),
      columns: [
        { title: 'Outcome', of: 'lk.report.outcome', width: 90 },
        { title: 'Where', of: 'lk.report.location' },
        { title: 'p50', of: 'lk.e2e_latency.p50', unit: 's', width: 95 },
        { title: 'p95', of: 'lk.e2e_latency.p95', unit: 's', width: 95 },
        { title: 'Cost', of: 'lk.cost_usd', unit: 'currencyUSD', decimals: 4, width: 90 },
        { title: 'Incomplete', of: 'lk.cost_incomplete', width: 105 },
      ],
    }),
    recordsTable({
      title: 'Recording',
      description:
        "What LiveKit Egress recorded of the room, by recordRoom(): where it is, or why it is not there. A recording that the SDK uploaded is on the gateway's page.",
      width: 12,
      height: 5,
      empty: 'The room was not recorded',
      leads: false,
      ascending: true,
      expr: records.of('lk.recording', { of: 'call' }),
      columns: [
        { title: 'What', of: 'Line', width: 180 },
        { title: 'Media', of: 'lk.recording.media', width: 90 },
        { title: 'Where', of: 'lk.recording.location' },
        { title: 'Duration', of: 'lk.duration', unit: 's', decimals: 0, width: 80 },
        { title: 'Size', of: 'lk.recording.size', unit: 'bytes', decimals: 1, width: 90 },
        { title: 'Why not', of: 'lk.error.message' },
      ],
    }),
  ],
});

/** The trace, and the agent's log. */
const traceAndLog = ({ records }: BoardContext): readonly Row[] => [
  {
    title: 'Trace and log',
    panels: [
      trace({
        title: 'Trace',
        description:
          'The spans of the call, from job_entrypoint down. Click one for its attributes, and for the log and the metrics around it.',
        width: 24,
        height: 20,
        empty: 'No trace of this call: choose it below, or its traces were switched off',
        expr: '${trace_id}',
      }),
    ],
  },
  {
    panels: [
      traceTable({
        title: 'Traces of this job',
        description:
          'Where only the job is known: click the id of its trace to see it above. A call has one trace, unless the agent makes some of its own.',
        width: 8,
        height: 12,
        empty: noCall,
        expr: tracesOfJob('$job_id'),
        job: '${job_id}',
      }),
      logLines({
        title: 'Log of the agent',
        description:
          'What the agent and the SDK logged in this call. Click a line for its attributes, and for its trace.',
        width: 16,
        height: 12,
        empty: noCall,
        expr: records.log(),
      }),
    ],
  },
];
