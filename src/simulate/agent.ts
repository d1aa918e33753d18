import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineAgent, type JobContext, voice } from '@livekit/agents';
import { monitor, observe } from '../agent/index.ts';
import { createCall } from './call.ts';
import { watchIncidents } from './incidents.ts';
import type { CallPlan } from './plan.ts';

/** The job that a line of the oracle log belongs to. */
export interface OracleHead {
  job: string;
  agent: string;
  version: string;
}

/** One event as a job saw it, without what was said. */
export type OracleLine = OracleHead & { event: string; facts: Record<string, unknown> };

const names = voice.AgentSessionEventTypes;

/**
 * Writes the events of a session into `directory`, one JSON line per event. This log is independent of the code that
 * observes the session, so that a test can compare the two. Written synchronously, because a job that kills itself has no
 * time to flush.
 */
export function writeOracle(session: voice.AgentSession, directory: string, head: OracleHead): void {
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

/** The parameters of a call, sent to its job as the metadata of the dispatch. */
export interface CallRequest {
  plan: CallPlan;
  /** The speed at which people talk and think, as a multiple of real time. */
  speed: number;
  /** The run's directory, which contains the incident switches. */
  directory: string;
  /** The directory for the job's event log, for tests. */
  oracle?: string;
}

// The channel closes when the worker exits. The job exits then, too, because nothing else would stop it.
process.once('disconnect', () => process.exit(0));

// Sets up traces and logs, if the call centre was started with a backend for them.
await monitor();

/** The agent file of the call centre, like a user's `agent.ts`. The SDK imports it in each forked job. */
export default defineAgent({
  entry: async (ctx: JobContext) => {
    const { plan, speed, directory, oracle } = JSON.parse(ctx.job.metadata) as CallRequest;
    // Without its own gateway, the SDK would upload to LiveKit Cloud.
    const record = Boolean(process.env.LIVEKIT_OBSERVABILITY_URL);
    // The SDK's deployment name is the agent's version in an upload.
    if (record) process.env.LIVEKIT_AGENT_DEPLOYMENT = plan.version;
    const call = createCall({ plan, speed, incidents: watchIncidents(directory), record });
    if (oracle) {
      writeOracle(call.session, oracle, { job: ctx.job.id, agent: plan.agent, version: plan.version });
    }
    observe(call.session, ctx, { agentName: plan.agent, agentVersion: plan.version });
    const played = call.play().then(() => ctx.shutdown('the call is over'));
    // As in most agents, this function returns while the session runs: the SDK waits for it when it shuts down.
    if (plan.ending === 'entry-throws') await played;
    else {
      played.catch((error: Error) => {
        console.error(error);
        ctx.shutdown(error.message);
      });
    }
  },
});
