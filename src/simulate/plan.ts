import { type AgentName, agents, badVersion, type Stack } from './fleet.ts';
import type { Incidents } from './incidents.ts';
import { createRandom, type Random } from './random.ts';

/** What may happen in a call, and how often: shares of the scenes between greeting and goodbye. */
const pipelineScenes = {
  question: 30,
  lookup: 22,
  'several-tools': 6,
  'slow-tool': 4,
  'failing-tool': 4,
  'blocking-tool': 2,
  interruption: 8,
  backchannel: 5,
  'false-interruption': 5,
  impatience: 2,
  'llm-retry': 2,
  'empty-answer': 1,
  'tts-retry': 2,
  announcement: 3,
  typed: 2,
  unheard: 2,
  away: 1,
  handoff: 2,
} as const;

const realtimeScenes = { question: 30, lookup: 16, interruption: 8, reconnect: 2, away: 1 } as const;

export type SceneName = keyof typeof pipelineScenes | keyof typeof realtimeScenes;

/** How a call ends, and the share of the calls that end so. */
const endings = {
  /** The caller says goodbye and hangs up. */
  'caller-leaves': 62,
  /** The caller hangs up while the agent is speaking or thinking. */
  'caller-hangs-up': 12,
  /** The agent says goodbye and closes the session. */
  'agent-closes': 14,
  'job-shutdown': 4,
  /** A model fails for good. */
  'model-fails': 3,
  /** The entry function throws. */
  'entry-throws': 1,
  /** An exception that nobody catches. */
  uncaught: 1,
  exit: 1,
  /** SIGKILL, as from a kernel that is out of memory. */
  kill: 1,
} as const;

export type Ending = keyof typeof endings;

/** All that is decided about a call before it begins. The same seed and number make the same plan. */
export interface CallPlan {
  number: number;
  seed: number;
  agent: AgentName;
  version: string;
  stack: Stack;
  scenes: readonly SceneName[];
  ending: Ending;
  /** Set for calls of a bad version: every LLM request is slower by this factor. */
  slowdown?: number;
  /** Set for calls of a bad version: the share of tool calls that fail. */
  toolFailures?: number;
}

interface Planned {
  agent: AgentName;
  version?: string;
  scenes: readonly SceneName[];
  ending: Ending;
}

/** The first calls of a run show everything that is rare otherwise, so that every board has data soon. */
const parade: readonly Planned[] = [
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
    // Backchannels again: on a machine that is too busy, adaptive interruption gives up for a whole call.
    scenes: ['llm-retry', 'tts-retry', 'backchannel', 'handoff'],
    ending: 'caller-leaves',
  },
  { agent: 'support', scenes: ['question', 'failing-tool'], ending: 'uncaught' },
  { agent: 'front-desk', version: '2.3.1', scenes: ['empty-answer', 'announcement'], ending: 'entry-throws' },
  { agent: 'support', scenes: ['impatience', 'away', 'question'], ending: 'caller-leaves' },
];

/** How many calls the parade has. */
export const paradeLength = parade.length;

/** One of the names in a table of shares. */
const draw = <T extends string>(random: Random, shares: Readonly<Partial<Record<T, number>>>): T =>
  random.weighted(Object.keys(shares) as T[], (name) => shares[name] ?? 0);

/**
 * Decides what happens in a call.
 * @param number counts from 1; the first calls are a parade of the rare scenes
 * @param incidents of these, `bad-version` and `crash-loop` change what happens
 */
export function planCall(seed: number, number: number, incidents: Incidents): CallPlan {
  const random = createRandom(seed, number, 'plan');
  const staged = parade[number - 1];
  const agent = agents.find(({ name }) => name === staged?.agent) ?? random.weighted(agents, (a) => a.weight);
  const versions: (typeof agents)[number]['versions'][number][] = [...agent.versions];
  const { version, stack } =
    versions.find((candidate) => candidate.version === staged?.version) ??
    random.weighted(versions, (candidate) => candidate.weight);

  const shares = stack.mode === 'realtime' ? realtimeScenes : pipelineScenes;
  const scenes = Array.from({ length: random.integer(3, 7) }, () => draw<SceneName>(random, shares));
  const plan: CallPlan = {
    number,
    seed,
    agent: agent.name,
    version,
    stack,
    scenes: staged?.scenes ?? scenes,
    ending: staged?.ending ?? draw(random, endings),
  };
  if (agent.name === 'support' && incidents.active('crash-loop')) {
    return { ...plan, scenes: [], ending: random.pick(['exit', 'uncaught', 'entry-throws'] as const) };
  }
  if (agent.name === badVersion.agent && incidents.active('bad-version') && random.chance(0.7)) {
    return { ...plan, version: badVersion.version, slowdown: 2.5, toolFailures: 0.5 };
  }
  return plan;
}
