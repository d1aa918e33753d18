import type { BoardContext, Row } from '../house/board.ts';
import { recordsTable } from '../house/records-table.ts';
import { noCall } from './empty.ts';

/** Turns, tools and errors, each with its figures. */
export const details = ({ records, objectives: { turnLatency, toolDuration } }: BoardContext): Row => ({
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
