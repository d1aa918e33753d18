import { type llm, voice } from '@livekit/agents';
import { onTestFinished } from 'vitest';
import { FakeLlm, FakeTts, Loudspeaker } from './fakes.ts';

/** Talkgauge keeps what sessions share on the process; each test has a process of its own. */
const shared = Symbol.for('talkgauge.process');
const sessions = new Set<voice.AgentSession>();

async function closeSessions(): Promise<void> {
  for (const session of sessions) await session.close();
  sessions.clear();
  delete (globalThis as { [shared]?: unknown })[shared];
}

export interface Models {
  llm?: llm.LLM;
  tts?: FakeTts;
}

/** A session with a loudspeaker and typed input, which is closed at the end of the test. */
export function createSession(models: Models = {}): voice.AgentSession {
  const session = new voice.AgentSession({
    llm: models.llm ?? new FakeLlm(),
    tts: models.tts ?? new FakeTts(),
    vad: null,
    connOptions: {
      llmConnOptions: { maxRetry: 0, retryIntervalMs: 1, timeoutMs: 1000 },
      ttsConnOptions: { maxRetry: 0, retryIntervalMs: 1, timeoutMs: 1000 },
    },
  });
  session.output.audio = new Loudspeaker();
  sessions.add(session);
  onTestFinished(closeSessions);
  return session;
}

export async function start(
  session: voice.AgentSession,
  tools: voice.AgentOptions<unknown>['tools'] = [],
): Promise<void> {
  await session.start({ agent: new voice.Agent({ instructions: 'Be kind.', tools }), record: false });
}

/** A user types, and the agent answers to the end. */
export async function ask(session: voice.AgentSession, userInput: string): Promise<string> {
  const speech = session.generateReply({ userInput });
  await speech.waitForPlayout();
  return speech.id;
}
