import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { voice } from '@livekit/agents';

/** Who a line of the oracle is about. */
export interface OracleHead {
  job: string;
  agent: string;
  version: string;
}

/** One event as a job saw it, without what was said. */
export type OracleLine = OracleHead & { event: string; facts: Record<string, unknown> };

const names = voice.AgentSessionEventTypes;

/**
 * Writes what a session emits into `directory`, one JSON line per event: an account of a run that owes nothing
 * to the code that observes it, so that a test can hold the two against each other. Written synchronously,
 * because a job that kills itself has no time to flush.
 */
export function keepOracle(session: voice.AgentSession, directory: string, head: OracleHead): void {
  const file = join(directory, `${head.job}.jsonl`);
  const write = (event: string, facts: Record<string, unknown>) =>
    appendFileSync(file, `${JSON.stringify({ ...head, event, facts } satisfies OracleLine)}\n`);

  write('observed', {});
  session.on(names.MetricsCollected, ({ metrics }) => write(metrics.type, { ...metrics }));
  session.on(names.ConversationItemAdded, ({ item }) => {
    if (item.type !== 'message') write('handoff', { from: item.oldAgentId, to: item.newAgentId });
    else write(`${item.role}_message`, { interrupted: item.interrupted, ...item.metrics });
  });
  session.on(names.FunctionToolsExecuted, ({ functionCalls, functionCallOutputs }) => {
    for (const [i, call] of functionCalls.entries()) {
      write('tool', { name: call.name, isError: functionCallOutputs[i]?.isError ?? false });
    }
  });
  session.on(names.Error, ({ error }) => {
    const { type, recoverable } = error as { type?: string; recoverable?: boolean };
    write('error', { type, recoverable });
  });
  session.on(names.EotPrediction, ({ probability, threshold }) =>
    write('eot_prediction', { probability, threshold }),
  );
  session.on(names.OverlappingSpeech, ({ isInterruption }) =>
    write('overlapping_speech', { isInterruption }),
  );
  session.on(names.AgentFalseInterruption, ({ resumed }) => write('false_interruption', { resumed }));
  session.on(names.UserTranscriptionTimeout, () => write('transcription_timeout', {}));
  session.on(names.AgentStateChanged, ({ newState }) => write('agent_state', { state: newState }));
  session.on(names.UserStateChanged, ({ newState }) => write('user_state', { state: newState }));
  session.on(names.Close, ({ reason }) => write('close', { reason }));
}
