import { inference, llm, stt, tts, voice } from '@livekit/agents';
import { Caller } from './caller.ts';
import { Faults, Script, type Topic, type Topics, topics } from './dialogue.ts';
import { agents, llms, realtimes, stts, ttss } from './fleet.ts';
import type { Incidents } from './incidents.ts';
import { CallerLoudspeaker, CallerMicrophone } from './models/caller-audio.ts';
import { SimulatedLlm } from './models/llm.ts';
import { SimulatedRealtimeModel } from './models/realtime.ts';
import { SimulatedStt } from './models/stt.ts';
import { SimulatedTts } from './models/tts.ts';
import { SimulatedVad } from './models/vad.ts';
import { pause } from './pause.ts';
import type { CallPlan } from './plan.ts';
import { createRandom, type Random } from './random.ts';
import { endings, type SceneContext, scenes } from './scenes.ts';
import { createTools } from './tools.ts';

export interface StackOptions {
  plan: CallPlan;
  incidents: Incidents;
  /** The speed at which people talk, as a multiple of real time. */
  speed: number;
  script: Script;
  faults: Faults;
}

/** Builds the simulated models of a call, and the options of its session. */
export function createStack({ plan, incidents, speed, script, faults }: StackOptions) {
  const { stack } = plan;
  const chance = (what: string) => createRandom(plan.seed, plan.number, what);
  if (stack.mode === 'realtime') {
    const realtime = new SimulatedRealtimeModel({
      model: realtimes[stack.model],
      random: chance('realtime'),
      script,
    });
    return {
      realtime,
      session: { llm: realtime, vad: null, turnHandling: { turnDetection: 'realtime_llm' as const } },
    };
  }
  const llmOf = (key: keyof typeof llms) =>
    new SimulatedLlm({
      model: llms[key],
      random: chance(key),
      script,
      incidents,
      slowdown: plan.slowdown,
    });
  const ttsOf = (key: keyof typeof ttss) =>
    new SimulatedTts({ model: ttss[key], random: chance(key), faults, incidents });
  const spec = agents.find(({ name }) => name === plan.agent);
  const vad = new SimulatedVad(chance('vad'));
  const simulatedStt = new SimulatedStt({ model: stts[stack.stt], random: chance('stt'), faults });
  const { fallback } = stack;
  return {
    realtime: undefined,
    session: {
      vad,
      stt: stts[stack.stt].streaming ? simulatedStt : new stt.StreamAdapter(simulatedStt, vad),
      llm: fallback
        ? new llm.FallbackAdapter({ llms: [llmOf(stack.llm), llmOf(fallback.llm)] })
        : llmOf(stack.llm),
      tts: fallback
        ? new tts.FallbackAdapter({
            ttsInstances: [ttsOf(stack.tts), ttsOf(fallback.tts)],
            maxRetryPerTTS: 0,
          })
        : ttsOf(stack.tts),
      turnHandling: {
        turnDetection:
          spec?.endOfTurn === 'model' ? new inference.TurnDetector({ version: 'v1' }) : ('vad' as const),
        endpointing: { minDelay: 300, maxDelay: 800 },
        interruption: {
          mode: spec?.interruption,
          minDuration: 300,
          falseInterruptionTimeout: 1200,
          resumeFalseInterruption: true,
          // Scaled by the speed; otherwise no backchannel would fall between the two limits.
          backchannelBoundary: 800 / speed,
        },
        preemptiveGeneration: { enabled: spec?.preemptive ?? false },
      },
    },
  };
}

export interface ReceptionistOptions {
  id: string;
  tools: llm.ToolContextEntry[];
  random: Random;
  /** The greeting, said without an LLM request. */
  opening?: string;
}

/** The agent of a simulated call. */
export class Receptionist extends voice.Agent {
  readonly #random: Random;
  readonly #opening: string | undefined;

  constructor({ id, tools, random, opening }: ReceptionistOptions) {
    super({ id, instructions: 'You are a simulated agent.', tools });
    this.#random = random;
    this.#opening = opening;
  }

  override async onEnter(): Promise<void> {
    if (this.#opening) this.session.say(this.#opening);
    else this.session.generateReply();
  }

  /** Simulates the work of real agents here, such as a document search, which delays every answer. */
  override async onUserTurnCompleted(): Promise<void> {
    await pause(this.#random.lognormal(22, 0.8));
  }
}

export interface CallOptions {
  plan: CallPlan;
  incidents: Incidents;
  /** The speed at which people talk and think, as a multiple of real time; models keep their latencies. */
  speed: number;
  /** Whether the SDK records the session and uploads it to `LIVEKIT_OBSERVABILITY_URL`. @default false */
  record?: boolean;
}

export interface Call {
  readonly session: voice.AgentSession;
  /** Plays the call to its end. Rejects if the plan says that the entry function throws. */
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

  const topicQueues = {
    with: random.shuffle(list.filter(hasTool)),
    without: random.shuffle(list.filter((t) => !hasTool(t))),
  };
  const topic = (withTool: boolean): Topic => {
    const queue = withTool ? topicQueues.with : topicQueues.without;
    const next = queue.shift() as Topic;
    // Topics repeat once all were used.
    queue.push(next);
    return next;
  };
  const stage: SceneContext = {
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
      await caller.waitForAnswer(10_000);
      for (const name of plan.scenes) {
        if (!(await caller.pauseToThink())) break;
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

/** Waits until the session has closed; closes it if nothing else does. */
async function closed(session: voice.AgentSession, caller: Caller): Promise<void> {
  if (await caller.until(() => false, 5000)) return;
  if (!caller.over.aborted) await session.close();
}
