import { voice } from '@livekit/agents';
import { Caller } from './caller.ts';
import { endings } from './endings.ts';
import type { Incidents } from './incidents.ts';
import { CallerMicrophone } from './models/audio-input.ts';
import { CallerLoudspeaker } from './models/audio-output.ts';
import { Faults } from './models/faults.ts';
import type { CallPlan } from './plan.ts';
import { createRandom } from './random.ts';
import { Receptionist } from './receptionist.ts';
import { type Stage, scenes } from './scenes.ts';
import { Script } from './script.ts';
import { createStack } from './stack.ts';
import { createTools } from './tools.ts';
import { type Topic, type Topics, topics } from './topics.ts';

export interface CallOptions {
  plan: CallPlan;
  incidents: Incidents;
  /** How many times faster than life people talk and think; models keep their latencies. */
  speed: number;
  /** Whether the SDK records the session and uploads it to `LIVEKIT_OBSERVABILITY_URL`. @default false */
  record?: boolean;
}

export interface Call {
  readonly session: voice.AgentSession;
  /** Plays the call to its end. Rejects when the plan is that the entry function throws. */
  play(): Promise<void>;
}

/** Builds the session of a call, ready to be observed and then played. */
export function createCall({ plan, incidents, speed, record = false }: CallOptions): Call {
  const random = createRandom(plan.seed, plan.number, 'call');
  const faults = new Faults();
  const { greeting, topics: list, ...rest }: Topics = topics[plan.agent];
  const script = new Script([{ text: greeting }]);
  const stack = createStack({ plan, incidents, speed, script, faults });
  const session = new voice.AgentSession({
    ...stack.session,
    userAwayTimeout: 8 / speed,
    transcriptionTimeout: 1500,
    aecWarmupDuration: null,
    connOptions: {
      llmConnOptions: { maxRetry: 2, retryIntervalMs: 200, timeoutMs: 10_000 },
      ttsConnOptions: { maxRetry: 2, retryIntervalMs: 200, timeoutMs: 10_000 },
      sttConnOptions: { maxRetry: 3, retryIntervalMs: 200, timeoutMs: 10_000 },
      maxUnrecoverableErrors: 1,
    },
  });
  const microphone = new CallerMicrophone();
  const loudspeaker = new CallerLoudspeaker({ speed, startDelay: () => random.lognormal(35, 0.5) });
  const caller = new Caller({ session, microphone, random, speed });

  const unsaid = {
    with: random.shuffle(list.filter(hasTool)),
    without: random.shuffle(list.filter((t) => !hasTool(t))),
  };
  const topic = (withTool: boolean): Topic => {
    const queue = withTool ? unsaid.with : unsaid.without;
    const next = queue.shift() as Topic;
    // Said again when everything has been said.
    queue.push(next);
    return next;
  };
  const stage: Stage = {
    session,
    caller,
    script,
    faults,
    random,
    topics: { greeting, topics: list, ...rest },
    topic,
    realtime: stack.realtime,
  };
  const tools = createTools({
    random,
    failures: plan.toolFailures,
    showsBugs: plan.showsBugs,
    billing: () =>
      new Receptionist({ id: 'billing', tools, random, opening: 'Billing here, how can I help?' }),
  });

  async function play(): Promise<void> {
    session.input.audio = microphone;
    session.output.audio = loudspeaker;
    try {
      await session.start({ agent: new Receptionist({ id: plan.agent, tools, random }), record });
      await caller.listen(10_000);
      for (const name of plan.scenes) {
        if (!(await caller.think())) break;
        await scenes[name](stage);
      }
      if (!caller.over.aborted) await endings[plan.ending](stage);
      await closed(session, caller);
    } finally {
      microphone.stop();
      loudspeaker.stop();
    }
  }
  return { session, play };
}

const hasTool = (topic: Topic): boolean => topic.tool !== undefined;

/** Waits for the session to have closed; closes it when nothing else does. */
async function closed(session: voice.AgentSession, caller: Caller): Promise<void> {
  if (await caller.until(() => false, 5000)) return;
  if (!caller.over.aborted) await session.close();
}
