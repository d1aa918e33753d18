/** One call of a tool, as the LLM asks for it. */
export interface ToolRequest {
  name: string;
  args: Readonly<Record<string, string | number>>;
}

/** What an LLM request does instead of simply answering. */
export type LlmTrouble =
  /** Fails once, and succeeds when it is tried again, there or with a fallback. */
  | 'once'
  /** Fails with an error that is not worth a retry. */
  | 'fatal'
  /** Answers nothing at all, and bills for it. */
  | 'empty'
  /** Takes so long that the caller speaks again first. */
  | 'late';

/** One LLM request of a turn: what it says, which tools it asks for, what goes wrong. */
export interface Step {
  text?: string;
  tools?: readonly ToolRequest[];
  trouble?: LlmTrouble;
}

/** What the agent does about something that the caller said; one step more than it has rounds of tools. */
export type Reply = readonly Step[];

const apology: Reply = [{ text: 'Sorry, could you say that again?' }];

/**
 * The agent's part of a conversation, looked up by what the caller said. The simulated LLMs keep nothing of
 * their own, so however often the SDK asks (preemptively, again after a tool, through a fallback), the answer
 * fits the conversation.
 */
export class Script {
  readonly #replies: { says: string; reply: Reply }[] = [];
  readonly #failed = new Set<Step>();

  /** @param greeting what the agent says when nobody has said anything yet */
  constructor(greeting: Reply) {
    this.#replies.push({ says: '', reply: greeting });
  }

  /** From now on `says` is answered with `reply`. */
  expect(says: string, reply: Reply): void {
    this.#replies.unshift({ says, reply });
  }

  /**
   * The step that answers a user's message after `round` rounds of tools. The message may be longer than what
   * was said last: the SDK joins what a caller says in several breaths. `undefined` is: no message yet.
   */
  step(message: string | undefined, round: number): Step {
    const said = message?.trim();
    const found = this.#replies.find(({ says }) => (says === '' ? !said : said?.endsWith(says)));
    const reply = found?.reply ?? apology;
    return reply[Math.min(round, reply.length - 1)] ?? {};
  }

  /** Whether a step of which one request is to fail has not had its failure yet; it has it by asking. */
  failsNow(step: Step): boolean {
    if (step.trouble !== 'once' || this.#failed.has(step)) return false;
    this.#failed.add(step);
    return true;
  }
}
