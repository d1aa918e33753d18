import type { Attributes, AttributeValue } from '@opentelemetry/api';
import { holdsContent, redactedMessage } from '../../catalogue/content.ts';

/** What a text belongs to: a span, a line of the agent's log, a record of the conversation, or a session report. */
export type Signal = 'trace' | 'log' | 'conversation' | 'report';

/**
 * Edits a text before it leaves the process: gets each, with the name of its attribute (`body` for a record's own
 * text), and gives what to send instead; undefined sends nothing of it. What it throws withholds the text, too.
 */
export type RedactText = (text: string, about: { key: string; signal: Signal }) => string | undefined;

/** How many sessions of one process are asked whether they demand redaction; a job has one or two. */
const maxDemands = 64;

/** Longest text that is sent, in UTF-16 units: what Tempo and Loki take is not far from it. */
export const maxText = 16_384;

export interface RedactionOptions {
  allowPii: boolean;
  redact?: RedactText;
  /** Longest text that is kept, in UTF-16 units. @default 16384 */
  maxText?: number;
}

/** Decides which attributes and texts may leave the process. */
export class Redaction {
  readonly #allowPii: boolean;
  #demands: (() => boolean)[] = [];
  #demanded = false;
  readonly #hooks: RedactText[] = [];
  readonly #maxText: number;

  constructor({ allowPii, redact, maxText: longest = maxText }: RedactionOptions) {
    this.#allowPii = allowPii;
    this.#maxText = longest;
    if (redact) this.#hooks.push(redact);
  }

  /** Whether content is kept; not any more, once it has been demanded that it is withheld. */
  get allowPii(): boolean {
    if (!this.#allowPii || this.#demanded) return false;
    this.#demanded = this.#demands.some((demanded) => demanded());
    return !this.#demanded;
  }

  /** @param demanded whether content is to be withheld; asked each time, because that is said when a session starts */
  withhold(demanded: () => boolean): void {
    if (this.#allowPii && !this.#demanded) this.#demands = [...this.#demands.slice(1 - maxDemands), demanded];
  }

  /** Adds a hook, which gets what those before it have left. */
  add(hook: RedactText): void {
    if (!this.#hooks.includes(hook)) this.#hooks.push(hook);
  }

  text(text: string, key: string, signal: Signal): string | undefined {
    let left: string | undefined = text;
    try {
      for (const hook of this.#hooks) {
        if (left === undefined) return undefined;
        left = hook(left, { key, signal });
      }
    } catch {
      // A text whose hook fails is withheld.
      return undefined;
    }
    return typeof left === 'string' ? left.slice(0, this.#maxText) : undefined;
  }

  /** @param allowPii whether content is kept; without it, errors keep only their type */
  attributes(given: Attributes | undefined, signal: Signal, allowPii = this.allowPii): Attributes {
    const kept: Attributes = {};
    for (const [key, value] of Object.entries(given ?? {})) {
      if (value === undefined || (!allowPii && (holdsContent(key) || key === 'exception.stacktrace')))
        continue;
      const left: AttributeValue | undefined =
        !allowPii && key === 'exception.message' ? redactedMessage : this.#value(value, key, signal);
      if (left !== undefined) kept[key] = left;
    }
    return kept;
  }

  #value(value: AttributeValue, key: string, signal: Signal): AttributeValue | undefined {
    if (typeof value === 'string') return this.text(value, key, signal);
    if (!Array.isArray(value)) return value;
    return value.map((one) =>
      typeof one === 'string' ? (this.text(one, key, signal) ?? '') : one,
    ) as AttributeValue;
  }
}

/** How much memory attributes take, roughly: the length of their texts. */
export function weigh(attributes: Attributes): number {
  let weight = 0;
  for (const value of Object.values(attributes)) {
    if (typeof value === 'string') weight += value.length;
    else if (Array.isArray(value))
      for (const one of value) weight += typeof one === 'string' ? one.length : 8;
    else weight += 8;
  }
  return weight;
}
