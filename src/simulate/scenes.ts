import { voice } from '@livekit/agents';
import type { Caller } from './caller.ts';
import {
  acknowledgements,
  type Faults,
  interjections,
  nudges,
  type Reply,
  type Script,
  type Topic,
  type Topics,
} from './dialogue.ts';
import type { SimulatedRealtimeModel } from './models/realtime.ts';
import { SimulatedStt } from './models/stt.ts';
import type { Ending, SceneName } from './plan.ts';
import type { Random } from './random.ts';

/** The inputs of a scene. */
export interface SceneContext {
  session: voice.AgentSession;
  caller: Caller;
  script: Script;
  faults: Faults;
  random: Random;
  topics: Topics;
  /** The next topic; `withTool`: whether the agent needs a tool for it. */
  topic(withTool: boolean): Topic;
  realtime?: SimulatedRealtimeModel;
}

type Scene = (stage: SceneContext) => Promise<unknown>;

/** Says something, and waits for the end of the answer. */
async function ask({ caller, script }: SceneContext, says: string, reply: Reply): Promise<boolean> {
  script.expect(says, reply);
  await caller.say(says);
  return caller.waitForAnswer();
}

/** Says something with a long answer; resolves shortly after the answer has begun. */
async function startMonologue(stage: SceneContext): Promise<boolean> {
  const { caller, script, topics } = stage;
  const { says } = stage.topic(false);
  script.expect(says, [{ text: topics.monologue }]);
  await caller.say(says);
  return (await caller.waitForSpeech()) && caller.wait(1800);
}

/** Asks for something that makes the agent call the given tool. */
const askForTool =
  (name: string, before: string, after: string): Scene =>
  (stage) =>
    ask(stage, stage.topic(false).says, [{ text: before, tools: [{ name, args: {} }] }, { text: after }]);

/** Repeats an unanswered request or interrupts, and gets a short answer. */
const repeatRequest = (stage: SceneContext, phrases: readonly string[]): Promise<boolean> =>
  ask(stage, stage.random.pick(phrases), [{ text: stage.random.pick(acknowledgements) }]);

export const scenes: Readonly<Record<SceneName, Scene>> = {
  question(stage) {
    const { says, answer } = stage.topic(false);
    return ask(stage, says, [{ text: answer }]);
  },

  lookup(stage) {
    const { says, answer, tool } = stage.topic(true);
    return ask(stage, says, [{ text: 'One moment, please.', tools: tool ? [tool] : [] }, { text: answer }]);
  },

  'several-tools'(stage) {
    const { says, tool } = stage.topic(true);
    const tools = [
      ...(tool ? [tool] : []),
      { name: 'charge_card', args: {} },
      { name: 'sync_crm', args: {} },
    ];
    return ask(stage, says, [{ tools }, { text: 'I have it all, but the card was declined.' }]);
  },

  'slow-tool': askForTool('check_inventory', 'Let me check, this takes a moment.', 'Yes, there is one left.'),
  'failing-tool': askForTool(
    'sync_crm',
    'Let me note that down.',
    'I could not save it, but I will remember.',
  ),
  'blocking-tool': askForTool('render_invoice', 'I am making the invoice.', 'It is in your mailbox.'),
  handoff: askForTool('transfer_to_billing', 'I am putting you through.', 'Here you go.'),

  async interruption(stage) {
    await startMonologue(stage);
    await repeatRequest(stage, interjections);
  },

  async backchannel(stage) {
    const { caller } = stage;
    await startMonologue(stage);
    await caller.backchannel();
    await caller.wait(1500);
    await caller.backchannel();
    await caller.waitForSilence();
  },

  async 'false-interruption'(stage) {
    const { caller } = stage;
    await startMonologue(stage);
    await caller.mumble(800);
    // The agent has paused; it resumes if no transcript follows the noise.
    await caller.until(() => stage.session.agentState !== 'speaking', 3000);
    await caller.waitForSpeech(8000);
    await caller.waitForSilence();
  },

  async impatience(stage) {
    const { caller, script } = stage;
    const { says } = stage.topic(false);
    script.expect(says, [{ text: 'This comes too late.', fault: 'late' }]);
    await caller.say(says);
    await caller.until(() => stage.session.agentState === 'thinking', 5000);
    await caller.wait(1200);
    await repeatRequest(stage, nudges);
  },

  'llm-retry'(stage) {
    const { says, answer } = stage.topic(false);
    return ask(stage, says, [{ text: answer, fault: 'once' }]);
  },

  async 'empty-answer'(stage) {
    const { caller, script } = stage;
    const { says } = stage.topic(false);
    script.expect(says, [{ fault: 'empty' }]);
    await caller.say(says);
    await caller.wait(4000);
    await repeatRequest(stage, nudges);
  },

  'tts-retry'(stage) {
    stage.faults.arm('tts-once');
    const { says, answer } = stage.topic(false);
    return ask(stage, says, [{ text: answer }]);
  },

  async announcement({ session, caller }) {
    session.say('By the way, calls may be recorded for training.');
    await caller.waitForAnswer();
  },

  async typed(stage) {
    const { says, answer } = stage.topic(false);
    stage.script.expect(says, [{ text: answer }]);
    stage.session.generateReply({ userInput: says });
    await stage.caller.waitForAnswer();
  },

  async unheard(stage) {
    const { caller } = stage;
    await caller.mumble(1800);
    await caller.wait(3500);
    await repeatRequest(stage, nudges);
  },

  async away(stage) {
    await stage.caller.until(() => stage.session.userState === 'away', 20_000);
    await repeatRequest(stage, nudges);
  },

  async reconnect(stage) {
    stage.realtime?.current?.fail('simulated: the connection was lost', true);
    await stage.caller.wait(500);
    await scenes.question(stage);
  },
};

/** The entry function throws it, so that the function that plays the ending has to throw it. */
export class SimulatedCrash extends Error {
  override name = 'SimulatedCrash';
}

/** Says goodbye, and waits for the agent's goodbye. */
async function goodbye({ caller, script, topics }: SceneContext): Promise<void> {
  const { says, answer } = topics.farewell;
  script.expect(says, [{ text: answer }]);
  await caller.say(says);
  await caller.waitForAnswer();
}

/** Asks something, and returns in the middle of the answer. */
async function midAnswer(stage: SceneContext): Promise<void> {
  const { says } = stage.topic(false);
  stage.script.expect(says, [{ text: stage.topics.monologue }]);
  await stage.caller.say(says);
  await stage.caller.waitForSpeech(8000);
  await stage.caller.wait(1000);
}

const hangUp = ({ session }: SceneContext) =>
  session.shutdown({ drain: false, reason: voice.CloseReason.PARTICIPANT_DISCONNECTED });

/** Makes one of the models fail until the session closes. */
async function failForGood(stage: SceneContext): Promise<void> {
  const { session, caller, script, faults, random, realtime } = stage;
  if (realtime) {
    await midAnswer(stage);
    realtime.current?.fail('simulated: the account is out of credit', false);
    await caller.until(() => false, 3000);
    return;
  }
  // The adapter for a non-streaming STT hides its errors, so that they would not end the call.
  const streams = session.stt instanceof SimulatedStt;
  const failing = random.pick(streams ? ['llm', 'tts', 'stt'] : ['llm', 'tts']);
  if (failing === 'stt') faults.arm('stt', 100);
  else if (failing === 'tts') faults.arm('tts-fatal', 100);
  const fault = failing === 'llm' ? 'fatal' : undefined;
  for (const says of ['does this still work', 'I asked whether this works', 'it does not work at all']) {
    script.expect(says, [{ text: 'I think so.', fault }]);
    await caller.say(says);
    await caller.wait(3500);
    if (caller.over.aborted) return;
  }
}

/** The endings of calls. When one of these resolves, the session is closing or has to be closed. */
export const endings: Readonly<Record<Ending, (stage: SceneContext) => Promise<void>>> = {
  async 'caller-leaves'(stage) {
    await goodbye(stage);
    hangUp(stage);
  },
  async 'caller-hangs-up'(stage) {
    await midAnswer(stage);
    hangUp(stage);
  },
  async 'agent-closes'(stage) {
    await goodbye(stage);
    await stage.session.close();
  },
  async 'job-shutdown'(stage) {
    await goodbye(stage);
    stage.session.shutdown({ reason: voice.CloseReason.JOB_SHUTDOWN });
  },
  'model-fails': failForGood,
  async 'entry-throws'(stage) {
    await midAnswer(stage);
    throw new SimulatedCrash('simulated: the entry function throws');
  },
  async uncaught(stage) {
    await midAnswer(stage);
    setImmediate(() => {
      throw new SimulatedCrash('simulated: nobody catches this');
    });
    await stage.caller.wait(60_000);
  },
  async exit(stage) {
    await midAnswer(stage);
    process.exit(3);
  },
  async kill(stage) {
    await midAnswer(stage);
    process.kill(process.pid, 'SIGKILL');
    await stage.caller.wait(60_000);
  },
};
