import { type llm, voice } from '@livekit/agents';
import { onTestFinished } from 'vitest';
import { FakeAudioOutput, FakeLlm, FakeTts } from './fakes.ts';

/** Sessions share state on the process; it is deleted so that each test starts without it. */
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

/** A session with a fake audio output and typed input, closed at the end of the test. */
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
  session.output.audio = new FakeAudioOutput();
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

/** Sends a typed message and waits until the agent has responded. */
export async function ask(session: voice.AgentSession, userInput: string): Promise<string> {
  const speech = session.generateReply({ userInput });
  await speech.waitForPlayout();
  return speech.id;
}
