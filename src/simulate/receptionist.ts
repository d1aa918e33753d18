import { type llm, voice } from '@livekit/agents';
import { pause } from './pause.ts';
import type { Random } from './random.ts';

export interface ReceptionistOptions {
  id: string;
  tools: llm.ToolContextEntry[];
  random: Random;
  /** What is said on entering instead of asking the LLM for a greeting. */
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

  /** Stands for what real agents do here, such as searching their documents: it delays every answer. */
  override async onUserTurnCompleted(): Promise<void> {
    await pause(this.#random.lognormal(22, 0.8));
  }
}
