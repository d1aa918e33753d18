import { voice } from '@livekit/agents';
import { SimulatedStt } from './models/stt.ts';
import type { Ending } from './plan.ts';
import type { Stage } from './scenes.ts';

/** The entry function is to throw, so it is thrown by who plays the ending. */
export class SimulatedCrash extends Error {
  override name = 'SimulatedCrash';
}

/** Says goodbye, and lets the agent say it too. */
async function goodbye({ caller, script, topics }: Stage): Promise<void> {
  const { says, answer } = topics.farewell;
  script.expect(says, [{ text: answer }]);
  await caller.say(says);
  await caller.listen();
}

/** Asks something, and comes back in the middle of the answer. */
async function midAnswer(stage: Stage): Promise<void> {
  const { says } = stage.topic(false);
  stage.script.expect(says, [{ text: stage.topics.monologue }]);
  await stage.caller.say(says);
  await stage.caller.hear(8000);
  await stage.caller.wait(1000);
}

const hangUp = ({ session }: Stage) =>
  session.shutdown({ drain: false, reason: voice.CloseReason.PARTICIPANT_DISCONNECTED });

/** Lets one of the models fail until the session gives up. */
async function failForGood(stage: Stage): Promise<void> {
  const { session, caller, script, faults, random, realtime } = stage;
  if (realtime) {
    await midAnswer(stage);
    realtime.current?.fail('simulated: the account is out of credit', false);
    await caller.until(() => false, 3000);
    return;
  }
  // An adapter for an STT that does not stream keeps its errors to itself, so a call would not end by them.
  const streams = session.stt instanceof SimulatedStt;
  const failing = random.pick(streams ? ['llm', 'tts', 'stt'] : ['llm', 'tts']);
  if (failing === 'stt') faults.arm('stt', 100);
  else if (failing === 'tts') faults.arm('tts-fatal', 100);
  const trouble = failing === 'llm' ? 'fatal' : undefined;
  for (const says of ['does this still work', 'I asked whether this works', 'it does not work at all']) {
    script.expect(says, [{ text: 'I think so.', trouble }]);
    await caller.say(says);
    await caller.wait(3500);
    if (caller.over.aborted) return;
  }
}

/** How calls end. When one of these resolves, the session is closing, or somebody has to close it. */
export const endings: Readonly<Record<Ending, (stage: Stage) => Promise<void>>> = {
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
