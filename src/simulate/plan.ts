import { type AgentName, agents, badVersion, type Stack } from './fleet.ts';
import type { Incidents } from './incidents.ts';
import { createRandom, type Random } from './random.ts';

/** The scenes between greeting and goodbye, and their shares. */
const pipelineScenes = {
  question: 50,
  lookup: 24,
  'several-tools': 3,
  'slow-tool': 1,
  'failing-tool': 2,
  'blocking-tool': 1,
  interruption: 5,
  backchannel: 4,
  'false-interruption': 2,
  impatience: 1,
  'llm-retry': 1,
  'empty-answer': 0.5,
  'tts-retry': 1,
  announcement: 3,
  typed: 2,
  unheard: 1,
  away: 1,
  handoff: 2,
} as const;

const realtimeScenes = { question: 30, lookup: 16, interruption: 8, reconnect: 2, away: 1 } as const;

export type SceneName = keyof typeof pipelineScenes | keyof typeof realtimeScenes;

/** The endings of a call, and their shares. */
const endings = {
  /** The caller says goodbye and hangs up. */
  'caller-leaves': 70,
  /** The caller hangs up while the agent is speaking or thinking. */
  'caller-hangs-up': 10,
  /** The agent says goodbye and closes the session. */
  'agent-closes': 15,
  'job-shutdown': 4,
  /** A model fails permanently. */
  'model-fails': 0.3,
  /** The entry function throws. */
  'entry-throws': 0.1,
  /** An uncaught exception. */
  uncaught: 0.1,
  exit: 0.1,
  /** SIGKILL, as from the kernel's OOM killer. */
  kill: 0.1,
} as const;

export type Ending = keyof typeof endings;

/** The plan of a call, made before it begins. The same seed and number give the same plan. */
export interface CallPlan {
  number: number;
  seed: number;
  agent: AgentName;
  version: string;
  stack: Stack;
  scenes: readonly SceneName[];
  ending: Ending;
  /** Set for calls of a bad version: the factor by which every LLM request is slower. */
  slowdown?: number;
  /** The share of tool calls that fail; high for a bad version. */
  toolFailures?: number;
  /** Set for showcase calls: tools with a bug always fail. */
  showsBugs?: true;
}

interface ShowcaseCall {
  agent: AgentName;
  version?: string;
  scenes: readonly SceneName[];
  ending: Ending;
}

/** The first calls of a run show all rare behaviour, so that every board has data soon. */
const showcaseCalls: readonly ShowcaseCall[] = [
  {
    agent: 'front-desk',
    version: '2.4.0',
    scenes: ['several-tools', 'interruption', 'backchannel'],
    ending: 'caller-leaves',
  },
  {
    agent: 'support',
    scenes: ['false-interruption', 'unheard', 'blocking-tool', 'llm-retry'],
    ending: 'agent-closes',
  },
  {
    agent: 'concierge',
    version: '3.0.0',
    scenes: ['lookup', 'interruption', 'question', 'question'],
    ending: 'job-shutdown',
  },
  { agent: 'survey', version: '0.9.0', scenes: ['question', 'tts-retry', 'typed'], ending: 'kill' },
  { agent: 'survey', version: '0.8.0', scenes: ['question', 'slow-tool'], ending: 'model-fails' },
  {
    agent: 'concierge',
    version: '3.1.0-beta.2',
    scenes: ['question', 'reconnect'],
    ending: 'caller-hangs-up',
  },
  {
    agent: 'front-desk',
    version: '2.4.0',
    // Backchannels again: on an overloaded machine, adaptive interruption is disabled for a whole call.
    scenes: ['llm-retry', 'tts-retry', 'backchannel', 'handoff'],
    ending: 'caller-leaves',
  },
  { agent: 'support', scenes: ['question', 'failing-tool'], ending: 'uncaught' },
  { agent: 'front-desk', version: '2.3.1', scenes: ['empty-answer', 'announcement'], ending: 'entry-throws' },
  { agent: 'support', scenes: ['impatience', 'away', 'question'], ending: 'caller-leaves' },
];

/** The number of showcase calls. */
export const showcaseLength = showcaseCalls.length;

/** Picks a name from a table of shares. */
const pickWeighted = <T extends string>(random: Random, shares: Readonly<Partial<Record<T, number>>>): T =>
  random.weighted(Object.keys(shares) as T[], (name) => shares[name] ?? 0);

/**
 * Plans a call.
 * @param number counts from 1; the first calls are the showcase of rare scenes
 * @param incidents of these, `bad-version` and `crash-loop` change the plan
 */
export function planCall(seed: number, number: number, incidents: Incidents): CallPlan {
  const random = createRandom(seed, number, 'plan');
  const showcase = showcaseCalls[number - 1];
  const agent =
    agents.find(({ name }) => name === showcase?.agent) ?? random.weighted(agents, (a) => a.weight);
  const versions: (typeof agents)[number]['versions'][number][] = [...agent.versions];
  const { version, stack } =
    versions.find((candidate) => candidate.version === showcase?.version) ??
    random.weighted(versions, (candidate) => candidate.weight);

  const shares = stack.mode === 'realtime' ? realtimeScenes : pipelineScenes;
  const scenes = Array.from({ length: random.integer(3, 7) }, () => pickWeighted<SceneName>(random, shares));
  const plan: CallPlan = {
    number,
    seed,
    agent: agent.name,
    version,
    stack,
    scenes: showcase?.scenes ?? scenes,
    ending: showcase?.ending ?? pickWeighted(random, endings),
    ...(showcase && { showsBugs: true }),
  };
  if (agent.name === 'support' && incidents.active('crash-loop')) {
    return { ...plan, scenes: [], ending: random.pick(['exit', 'uncaught', 'entry-throws'] as const) };
  }
  if (agent.name === badVersion.agent && incidents.active('bad-version') && random.chance(0.7)) {
    return { ...plan, version: badVersion.version, slowdown: 2.5, toolFailures: 0.5 };
  }
  return plan;
}
