import { isOf, type SpanTree } from './span-tree.ts';
import type { OpenTurn } from './turns.ts';

/** Why a turn of the user's has no latency. */
export const unmeasuredReasons = ['realtime', 'typed', 'unanswered', 'untold'] as const;
export type Unmeasured = (typeof unmeasuredReasons)[number];

/** Whether somebody was heard to say it. */
const heard = ({ user, span }: OpenTurn): boolean =>
  span !== undefined || user?.metrics?.startedSpeakingAt !== undefined;

/**
 * Why each of the turns that have no latency has none, as far as is known.
 *
 * @param measured turns that have one
 * @param over whether the session has ended: until then, the last turn may still be answered
 */
export function unmeasuredOf(
  turns: readonly OpenTurn[],
  tree: SpanTree,
  measured: ReadonlySet<OpenTurn>,
  over: boolean,
): Map<OpenTurn, Unmeasured> {
  // A session has one or the other; where both are, each turn's own tells.
  const asked = tree.of('realtime', 'llm_node');
  const onlyRealtime = asked.length > 0 && asked.every((node) => isOf(node, 'realtime'));
  const anyHeard = turns.some(heard);
  const reasonOf = (turn: OpenTurn): Unmeasured => {
    const own = turn.steps.flatMap((step) => [step, ...tree.under(step)]);
    const answered = turn.items.some(({ type, role }) => type === 'message' && role === 'assistant');
    if (!answered) return 'unanswered';
    if (onlyRealtime || own.some((node) => isOf(node, 'realtime'))) return 'realtime';
    return anyHeard && !heard(turn) ? 'typed' : 'untold';
  };
  const without = turns.filter((turn) => turn.user && !measured.has(turn));
  const last = turns.at(-1);
  return new Map(without.filter((turn) => over || turn !== last).map((turn) => [turn, reasonOf(turn)]));
}
