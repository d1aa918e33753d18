import type { BoardContext, Row } from '../house/board.ts';
import { recordsTable } from '../house/records-table.ts';

/** What callers had to bear, turn by turn. */
export const slowAndFailed = ({ records, objectives: { turnLatency } }: BoardContext): Row => ({
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
