import { text } from '../decode/attribute-value.ts';
import type { SpanRecord } from '../decode/records.ts';
import { factsOf } from '../decode/span-facts.ts';
import type { SpanTree } from '../decode/span-tree.ts';
import type { EventTimeline, UploadedSession } from './uploaded-session.ts';

/** A tool run; unix seconds, undefined if unknown. */
interface Run {
  /** The step of the conversation in which it was called, by which the SDK groups tools. */
  step: string;
  name: string;
  failed: boolean;
  start?: number;
  end?: number;
  /** The end of its step. */
  over?: number;
}

/** Adds the tool runs by step: the SDK reports those of a step together, at its end. */
export function addTools(
  timeline: EventTimeline,
  tree: SpanTree<SpanRecord>,
  session: UploadedSession,
): void {
  const steps = new Map<string, Run[]>();
  for (const run of session.items.length > 0 ? ofItems(session, tree) : ofSpans(tree)) {
    steps.set(run.step, [...(steps.get(run.step) ?? []), run]);
  }
  for (const runs of steps.values()) {
    const at = Math.max(...runs.map(({ over, end, start }) => Math.max(over ?? 0, end ?? start ?? 0)));
    timeline.add('function_tools_executed', at, 'tools', {
      functionCalls: runs.map(({ name, start }) => ({ name, createdAt: start })),
      functionCallOutputs: runs.map(({ failed, end }) => ({ isError: failed, createdAt: end })),
    });
  }
}

/** Both SDKs date a call to its start, and its output to its end. A call with neither output nor span never ran. */
function ofItems({ items }: UploadedSession, tree: SpanTree<SpanRecord>): Run[] {
  const spans = new Map(tree.named('function_tool').map((span) => [callOf(span), span]));
  const outputs = new Map(
    items.filter(({ type }) => type === 'function_call_output').map((output) => [output.callId, output]),
  );
  return items.flatMap(({ type, id, at, name = '', callId }) => {
    if (type !== 'function_call' || callId === undefined) return [];
    const output = outputs.get(callId);
    const span = spans.get(callId);
    if (!output && !span) return [];
    return {
      step: id.match(/^(.+)\/fnc_\d+$/)?.[1] ?? id,
      name,
      failed: output?.isError ?? (span !== undefined && isFailed(span)),
      start: at ?? span?.start,
      end: output?.at ?? span?.end,
      over: span && overOf(span, tree),
    };
  });
}

const ofSpans = (tree: SpanTree<SpanRecord>): Run[] =>
  tree.named('function_tool').map((span) => {
    const turn = tree.ancestor(span, 'agent_turn');
    const name =
      text(span.attributes['lk.function_tool.name']) ?? text(span.attributes['gen_ai.tool.name']) ?? '';
    const { start, end } = span;
    return {
      step: turn?.spanId ?? span.spanId,
      name,
      failed: isFailed(span),
      start,
      end,
      over: overOf(span, tree),
    };
  });

/**
 * The end of a tool's step: in Node.js, the end of its span; Python has one span per speech, in which the next LLM request
 * ends the step.
 */
function overOf(tool: SpanRecord, tree: SpanTree<SpanRecord>): number | undefined {
  const turn = tree.ancestor(tool, 'agent_turn');
  const next = turn && tree.childrenNamed(turn, 'llm_node').find(({ start }) => start >= tool.end);
  return next?.start ?? turn?.end;
}

function callOf(span: SpanRecord): string | undefined {
  const facts = factsOf(span);
  return facts?.of === 'function_tool' ? facts.callId : undefined;
}

function isFailed(span: SpanRecord): boolean {
  const facts = factsOf(span);
  return facts?.of === 'function_tool' && facts.isError;
}
