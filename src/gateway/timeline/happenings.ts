import type { LogRecord } from '../decode/records.ts';
import type { Lanes } from './lanes.ts';
import type { SpanTree } from './span-tree.ts';
import { type OpenTurn, turnAt } from './turns.ts';

/** Something that happened at one moment. Unix seconds. */
export interface Happening {
  at: number;
  kind: 'interruption' | 'handoff' | 'error' | 'blocked' | 'closed';
  /** Who handed over to whom, what failed, why it was closed. */
  label?: string;
  turn?: number;
  /** How long the event loop was blocked. */
  seconds?: number;
}

/** The span of a time in which the agent's event loop did nothing else. */
const blocking = 'event_loop_blocked';
/** Characters of a line of the log; all of it is among the logs. */
const maxLabel = 300;

/** @param errors lines of the log of level error and above */
export function happeningsOf(
  turns: readonly OpenTurn[],
  lanes: Lanes,
  tree: SpanTree,
  errors: readonly LogRecord[],
): Happening[] {
  const found: Happening[] = [];
  const cutOff = new Map<string | undefined, number>();
  for (const { item, end } of lanes.agent) cutOff.set(item, Math.max(end, cutOff.get(item) ?? 0));
  for (const { turn, items } of turns) {
    for (const { id, type, at, interrupted, metrics, oldAgent, newAgent } of items) {
      if (interrupted) {
        const when = cutOff.get(id) ?? metrics?.stoppedSpeakingAt ?? at;
        if (when !== undefined) found.push({ at: when, kind: 'interruption', turn });
      }
      // The first agent takes over from nobody.
      if (type === 'agent_handoff' && oldAgent !== undefined && at !== undefined)
        found.push({ at, kind: 'handoff', label: `${oldAgent} → ${newAgent ?? '?'}`, turn });
    }
  }
  for (const { name, error, start, end, facts } of tree.failed()) {
    // A tool that fails shows it in its lane; that the event loop was blocked is told as such.
    if (facts?.of !== 'function_tool' && name !== blocking)
      found.push({ at: end, kind: 'error', label: `${name}: ${error}`, turn: turnAt(turns, start)?.turn });
  }
  for (const { start, end } of tree.named(blocking))
    found.push({ at: start, kind: 'blocked', seconds: end - start, turn: turnAt(turns, start)?.turn });
  for (const { at, message } of errors)
    found.push({ at, kind: 'error', label: message.slice(0, maxLabel), turn: turnAt(turns, at)?.turn });
  return found.sort((a, b) => a.at - b.at);
}
