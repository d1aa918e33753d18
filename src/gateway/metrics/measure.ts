import { catalogue } from '../../catalogue/metrics.ts';
import { type Observation, observation } from '../../catalogue/observation.ts';
import { Samples } from '../../session/samples.ts';
import { SessionObserver } from '../../session/session-observer.ts';
import { type Tellers, withTeller } from '../decode/tellers.ts';
import { addConversation } from './conversation.ts';
import { addDetectors } from './detectors.ts';
import { messagesOf } from './messages.ts';
import { addRequests } from './requests.ts';
import { addStates } from './states.ts';
import { Timeline } from './timeline.ts';
import type { Told } from './told.ts';
import { addTools } from './tools.ts';
import { Tree } from './tree.ts';
import { reportedUsage, soleModel } from './usage.ts';

/**
 * What the uploads of a whole session come to: its events are put together again from spans, conversation and report, and read
 * as in a job, where they are told as they happen.
 */
export function measure(told: Told): Observation[] {
  const { report, startedAt, endedAt, ended, closeReason } = told;
  const usage = report?.usage ?? [];
  const observer = new SessionObserver({
    // The report has all that was used; without one, spans have what they have.
    usage: report === undefined,
    models: { llm: soleModel(usage, 'llm'), tts: soleModel(usage, 'tts') },
  });
  const tree = new Tree(told.spans);
  const timeline = new Timeline();
  const messages = messagesOf(told, tree);
  addStates(timeline, tree, messages, startedAt);
  const requests = addRequests(timeline, tree, told);
  addConversation(timeline, tree, messages, told);
  addDetectors(timeline, tree, told);
  addTools(timeline, tree, told);

  const found: Observation[] = [];
  for (const { name, event } of timeline.moments()) {
    try {
      found.push(...observer.handle(name, event));
    } catch {
      // What an SDK newer than this code sends may be shaped otherwise.
      found.push(observation('talkgauge_samples_dropped_total', { reason: 'internal_error' }, 1));
    }
  }
  const rest = ended
    ? observer.handle('close', {
        reason: closeReason ?? 'other',
        createdAt: Math.max(startedAt, endedAt) * 1000,
      })
    : observer.ended();
  const samples = new Samples();
  if (report) {
    const tellers = told.spans.reduce<Tellers>(withTeller, {});
    reportedUsage(samples, usage, requests, tellers);
  }
  if (!ended) samples.add('lk_agents_sessions_total', { close_reason: 'crashed' }, 1);
  // How many run is for who sees them run.
  const all = [...found, ...rest, ...samples.observations];
  return summed(all.filter(({ metric }) => metric !== 'lk_agents_sessions_active'));
}

/** Whether the caller hung up in the last turn without waiting for an answer, as the turns of these figures have it. */
export const isAbandoned = (told: Told): boolean =>
  measure(told).some(
    ({ metric, labels }) => metric === 'lk_agents_turns_total' && labels.outcome === 'abandoned',
  );

/** What counters count, added up: a long session has tens of thousands of steps. */
function summed(observations: readonly Observation[]): Observation[] {
  const counted = new Map<string, Observation>();
  const found: Observation[] = [];
  for (const one of observations) {
    const key = catalogue[one.metric]?.type === 'counter' && JSON.stringify([one.metric, one.labels]);
    const known = key ? counted.get(key) : undefined;
    if (known) {
      known.value += one.value;
      continue;
    }
    const kept = { ...one };
    found.push(kept);
    if (key) counted.set(key, kept);
  }
  return found;
}
