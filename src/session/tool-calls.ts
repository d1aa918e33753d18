import type { ToolsRead } from './events.ts';
import { request, type Samples, seconds } from './samples.ts';

interface Interval {
  start: number;
  end: number;
}

/**
 * Counts the tools of a `function_tools_executed` event, and gives the time in which at least one of them
 * ran, in seconds. The SDK stamps a call when its execution starts and its output when it ends; a recording
 * made by plain JSON has neither, and then nothing is observed.
 */
export function toolCalls(samples: Samples, event: ToolsRead): number {
  const intervals: Interval[] = [];
  for (const [index, call] of event.functionCalls.entries()) {
    const output = event.functionCallOutputs[index];
    const tool = call.name || 'unknown';
    samples.add('lk_agents_tool_calls_total', { tool, outcome: output?.isError ? 'error' : 'ok' }, 1);
    const [start, end] = [call.createdAt, output?.createdAt];
    if (start === undefined || end === undefined) continue;
    if (samples.measure('lk_agents_tool_duration_seconds', { tool }, seconds(end - start), request)) {
      intervals.push({ start, end });
    }
  }
  return seconds(covered(intervals));
}

/** How much time the intervals cover together, in the unit of their bounds. */
export function covered(intervals: readonly Interval[]): number {
  let total = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const { start, end } of intervals.toSorted((a, b) => a.start - b.start)) {
    if (end > reached) total += end - Math.max(start, reached);
    reached = Math.max(reached, end);
  }
  return total;
}
