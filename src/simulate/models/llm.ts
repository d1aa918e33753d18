import { APIConnectionError, APIStatusError, llm } from '@livekit/agents';
import type { Script, Step } from '../dialogue.ts';
import type { LlmModel } from '../fleet.ts';
import type { Incidents } from '../incidents.ts';
import { pause } from '../pause.ts';
import type { Random } from '../random.ts';

/** The position in a conversation: the user's last message, and the rounds of tool outputs since then. */
export function conversationPosition({ items }: llm.ChatContext): {
  message: string | undefined;
  round: number;
} {
  let round = 0;
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i];
    if (item?.type === 'message' && item.role === 'user') return { message: item.textContent, round };
    // Consecutive outputs answer one request: a round ends with the last of them.
    if (item?.type === 'function_call_output' && items[i + 1]?.type !== 'function_call_output') round++;
  }
  return { message: undefined, round };
}

export interface LlmOptions {
  model: LlmModel;
  random: Random;
  script: Script;
  incidents: Incidents;
  /** The factor by which every request is slower, as in a bad deployment. @default 1 */
  slowdown?: number;
}

type ChatOptions = Parameters<llm.LLM['chat']>[0];

const retries = { maxRetry: 2, retryIntervalMs: 150, timeoutMs: 10_000 };
/** The factor for the time to first token during the incident `slow-llm`. */
const slowness = 6;
/** A time to first token that exceeds every caller's timeout. */
const lateMs = 8000;
const wordsPerChunk = 4;

/** A simulated LLM: answers by the script, with the latency of its model. */
export class SimulatedLlm extends llm.LLM {
  readonly options: LlmOptions;
  #requests = 0;

  constructor(options: LlmOptions) {
    super();
    this.options = options;
  }

  label(): string {
    return 'simulate.LLM';
  }

  override get model(): string {
    return this.options.model.model;
  }

  override get provider(): string {
    return this.options.model.provider;
  }

  chat(options: ChatOptions): llm.LLMStream {
    return new SimulatedLlmStream(this, options);
  }

  /** Unique among all models and requests: adapters repeat ids, and are recognised by that. */
  nextRequestId(): string {
    return `${this.model}_${process.pid}_${++this.#requests}`;
  }
}

class SimulatedLlmStream extends llm.LLMStream {
  readonly #llm: SimulatedLlm;
  readonly #step: Step;

  constructor(owner: SimulatedLlm, { chatCtx, toolCtx, connOptions = retries }: ChatOptions) {
    super(owner, { chatCtx, toolCtx, connOptions });
    this.#llm = owner;
    const { message, round } = conversationPosition(chatCtx);
    this.#step = owner.options.script.step(message, round);
  }

  protected async run(): Promise<void> {
    const { model, random, incidents, slowdown = 1 } = this.#llm.options;
    const { signal } = this.abortController;
    const slow = model.provider === 'openai' && incidents.active('slow-llm') ? slowness : 1;
    const ttft = random.lognormal(model.ttft.median, model.ttft.sigma) * slow * slowdown;
    await this.#fail(ttft / 2);
    if (!(await pause(this.#step.fault === 'late' ? lateMs : ttft, signal))) return;

    const id = this.#llm.nextRequestId();
    const { text = '', tools = [], fault } = this.#step;
    const words = fault === 'empty' ? [] : (text.match(/\S+\s*/g) ?? []);
    for (let i = 0; i < words.length; i += wordsPerChunk) {
      const content = words.slice(i, i + wordsPerChunk).join('');
      this.queue.put({ id, delta: { role: 'assistant', content } });
      const ms = (tokensOf(content) / model.tokensPerSecond) * 1000;
      if (!(await pause(random.lognormal(ms, 0.2), signal))) return;
    }
    if (tools.length > 0 && fault !== 'empty') {
      const toolCalls = tools.map(({ name, args }, i) =>
        llm.FunctionCall.create({ callId: `${id}_${i}`, name, args: JSON.stringify(args) }),
      );
      this.queue.put({ id, delta: { role: 'assistant', toolCalls } });
    }
    this.queue.put({ id, usage: this.#usage(text, tools.length) });
  }

  /** Throws the error that the script or an incident defines for this attempt. */
  async #fail(afterMs: number): Promise<void> {
    const { model, incidents, script } = this.#llm.options;
    if (model.provider === 'openai' && incidents.active('provider-down')) {
      await pause(afterMs, this.abortController.signal);
      throw new APIStatusError({ message: 'simulated: service unavailable', options: { statusCode: 503 } });
    }
    if (script.failsNow(this.#step)) {
      await pause(afterMs, this.abortController.signal);
      throw new APIConnectionError({ message: 'simulated: the connection was reset' });
    }
    if (this.#step.fault === 'fatal') {
      throw new APIStatusError({
        message: 'simulated: the request was refused',
        options: { statusCode: 400, retryable: false },
      });
    }
  }

  #usage(text: string, tools: number): llm.CompletionUsage {
    const promptTokens = 620 + this.chatCtx.items.reduce((sum, item) => sum + tokensOf(contentOf(item)), 0);
    // Prompt caches work in blocks of 128 tokens, from the second request on.
    const promptCachedTokens =
      this.chatCtx.items.length > 2 ? Math.floor((promptTokens * 0.8) / 128) * 128 : 0;
    const completionTokens = tokensOf(text) + tools * 24;
    return {
      promptTokens,
      promptCachedTokens,
      completionTokens,
      totalTokens: promptTokens + completionTokens,
      ...(this.#llm.options.model.cacheWrites && { cacheCreationTokens: promptTokens - promptCachedTokens }),
    };
  }
}

const tokensOf = (text: string): number => Math.ceil(text.length / 4);

const contentOf = (item: llm.ChatItem): string => {
  if (item.type === 'message') return item.textContent ?? '';
  if (item.type === 'function_call') return item.args;
  return item.type === 'function_call_output' ? item.output : '';
};
