import type { BoardContext, Row } from '../house/board.ts';
import { lines } from '../house/lines.ts';
import { waterfall } from '../house/waterfall.ts';
import { noWords } from '../sessions/empty.ts';
import { noCall, widen } from './empty.ts';

/** Who said it, then what; other things that happened stand between. Without its text, a message says itself whose it is. */
const format = [
  '{{ if ne .event_name "lk.conversation_item" }}— {{ __line__ }}',
  '{{ else if hasPrefix (print .lk_role " message, ") __line__ }}{{ __line__ }}',
  '{{ else }}{{ .lk_role }}{{ if eq .lk_interrupted "true" }} (interrupted){{ end }}: {{ __line__ }}{{ end }}',
].join('');

/** What was said, and beside it what each turn waited for. */
export const conversation = ({ records, objectives: { turnLatency } }: BoardContext): Row => ({
  panels: [
    lines({
      title: 'Transcript',
      description: `What was said, and what happened meanwhile: tools, handoffs, errors, interruptions. ${noWords} Elsewhere, it tells who spoke and how much. ${widen}`,
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
