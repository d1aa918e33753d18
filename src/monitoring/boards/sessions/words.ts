import type { BoardContext, Row } from '../house/board.ts';
import { recordsTable } from '../house/records-table.ts';
import { noWords } from './empty.ts';

/** What was said in all calls. */
export const words = ({ records }: BoardContext): Row => ({
  panels: [
    recordsTable({
      title: 'What was said',
      description: `Messages of callers and agents that hold the words on top of this board; without words, the last ones. ${noWords} Elsewhere, this tells how long the messages were.`,
      width: 16,
      height: 11,
      empty: 'Nobody said that in this time range',
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
        'Calls by when they began, the last first: also those that go on, and those that broke off without telling their end.',
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
