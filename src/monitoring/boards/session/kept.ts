import type { BoardContext, Row } from '../house/board.ts';
import { recordsTable } from '../house/records-table.ts';

/** What is kept of the call elsewhere. */
export const kept = ({ records }: BoardContext): Row => ({
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
