import { defineAgent, type JobContext } from '@livekit/agents';
import { monitor, observe } from '../agent/index.ts';
import { createCall } from './call.ts';
import { watchIncidents } from './incidents.ts';
import { keepOracle } from './oracle.ts';
import type { CallPlan } from './plan.ts';

/** What the call centre tells a job, as the metadata of its dispatch. */
export interface CallOrder {
  plan: CallPlan;
  /** How many times faster than life people talk and think. */
  speed: number;
  /** The run's directory, where the incidents are found. */
  directory: string;
  /** Directory into which the job writes what it emitted, for tests. */
  oracle?: string;
}

// The worker is gone, so nobody will stop this job: without the channel it must not outlive the worker.
process.once('disconnect', () => process.exit(0));

// Sets up traces and logs, if the call centre was opened with a backend for them.
await monitor();

/** The agent file of the call centre: what a user's `agent.ts` is. The SDK imports it in each forked job. */
export default defineAgent({
  entry: async (ctx: JobContext) => {
    const { plan, speed, directory, oracle } = JSON.parse(ctx.job.metadata) as CallOrder;
    // Without a receiver of one's own, the SDK would look for LiveKit Cloud.
    const record = Boolean(process.env.LIVEKIT_OBSERVABILITY_URL);
    // What the SDK calls a deployment is the agent's version in an upload.
    if (record) process.env.LIVEKIT_AGENT_DEPLOYMENT = plan.version;
    const call = createCall({ plan, speed, incidents: watchIncidents(directory), record });
    if (oracle) {
      keepOracle(call.session, oracle, { job: ctx.job.id, agent: plan.agent, version: plan.version });
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
