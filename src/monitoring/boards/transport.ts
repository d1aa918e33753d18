import type { BoardSpec } from './house/board.ts';
import { networkRows } from './transport/network.ts';
import { nodeRows } from './transport/nodes.ts';
import { recordingRows } from './transport/recordings.ts';

/** The way of audio between callers, LiveKit's server and agents. */
export const transport: BoardSpec = {
  name: 'transport',
  description: 'Is it the network?',
  rows: (context) => [...networkRows(context), ...nodeRows(context), ...recordingRows(context)],
};
