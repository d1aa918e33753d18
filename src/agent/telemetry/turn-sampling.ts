import type { tracing } from '@opentelemetry/sdk-node';

type Span = tracing.ReadableSpan;

/** How spans are assigned to turns. */
export interface TurnRules {
  /** Which side of a turn begins with a span of this name: what is below it belongs to it. */
  sideOf(name: string): 'user' | 'agent' | undefined;
  /** What the steps of one answer have in common, once the span has ended. */
  answerOf(span: Span): string | undefined;
  /** Whether the turn of this span is always kept: the span was slow, failed or was interrupted. */
  notable(span: Span): boolean;
}

export interface TurnSamplingOptions {
  rules: TurnRules;
  /** Share of the other turns that is kept, 0 to 1. */
  ratio: number;
  keep(span: Span): void;
  /** Counts spans that are dropped. */
  leaveOut(count: number): void;
  /** How many spans may wait for a decision; beyond, the oldest turn is kept. @default 1024 */
  maxWaiting?: number;
}

/** How many answers are remembered; of one, the steps follow each other. */
const maxAnswers = 64;

/** A span that begins a side of a turn, and what is below it. */
interface Side {
  readonly kind: 'user' | 'agent';
  readonly trace: string;
  readonly ids: string[];
  readonly spans: Span[];
  /** Number of its open spans. */
  open: number;
  ended: boolean;
  turn: Turn | undefined;
}

/** The unit of sampling: what the user said and every step of the answer to it. */
interface Turn {
  readonly sides: Set<Side>;
  answer: string | undefined;
  notable: boolean;
  decision: 'kept' | 'left out' | undefined;
}

/**
 * Keeps a call's trace, and of its turns those that are notable and a share of the rest. A session is one long
 * trace, so the decision is on turns and not on traces: whatever belongs to no turn is kept.
 */
export class TurnSampling {
  readonly #options: Required<TurnSamplingOptions>;
  /** The side that a span belongs to, by the span's id. */
  readonly #sides = new Map<string, Side>();
  /** User sides without an answer yet, in order. */
  #unanswered: Side[] = [];
  /** Turns without a decision, in order. */
  readonly #open = new Set<Turn>();
  #waiting = 0;
  /** The latest answers of which a step was kept: those that follow are, too. */
  readonly #kept = new Set<string>();

  constructor(options: TurnSamplingOptions) {
    this.#options = { maxWaiting: 1024, ...options };
  }

  started(span: Span): void {
    const { spanId, traceId } = span.spanContext();
    const kind = this.#options.rules.sideOf(span.name);
    const above = span.parentSpanContext && this.#sides.get(span.parentSpanContext.spanId);
    if (above) this.#join(above, spanId);
    else if (kind) this.#begin(kind, spanId, traceId);
  }

  ended(span: Span): void {
    const { spanId } = span.spanContext();
    const side = this.#sides.get(spanId);
    if (!side) {
      this.#options.keep(span);
      return;
    }
    side.open -= 1;
    if (spanId === side.ids[0]) side.ended = true;
    if (side.turn?.decision) {
      if (side.turn.decision === 'kept' && side.kind === 'agent' && side.ended) this.#remember(span);
      this.#apply(side.turn.decision, [span]);
      this.#forget(side);
      return;
    }
    side.spans.push(span);
    this.#waiting += 1;
    if (side.turn) this.#evaluate(side.turn, side, span);
    while (this.#waiting > this.#options.maxWaiting) this.#keepOldest();
  }

  /** Decides about all remaining turns, at the end of the job. */
  settle(): void {
    for (const turn of this.#open) this.#close(turn, turn.notable ? 'kept' : this.#sampled(turn));
    for (const side of this.#unanswered.splice(0)) {
      const turn = this.#turnOf([side]);
      this.#close(turn, side.spans.some(this.#options.rules.notable) ? 'kept' : this.#sampled(turn));
    }
  }

  #begin(kind: Side['kind'], id: string, trace: string): void {
    const side: Side = { kind, trace, ids: [id], spans: [], open: 1, ended: false, turn: undefined };
    this.#sides.set(id, side);
    if (kind === 'user') {
      this.#unanswered.push(side);
      return;
    }
    const asked = this.#unanswered.filter((other) => other.trace === trace);
    this.#unanswered = this.#unanswered.filter((other) => other.trace !== trace);
    const turn = this.#turnOf([...asked, side]);
    turn.notable = asked.some(({ spans }) => spans.some(this.#options.rules.notable));
  }

  #join(side: Side, id: string): void {
    side.ids.push(id);
    side.open += 1;
    this.#sides.set(id, side);
  }

  #turnOf(sides: Side[]): Turn {
    const turn: Turn = { sides: new Set(sides), answer: undefined, notable: false, decision: undefined };
    for (const side of sides) side.turn = turn;
    this.#open.add(turn);
    return turn;
  }

  #evaluate(turn: Turn, side: Side, span: Span): void {
    if (this.#options.rules.notable(span)) turn.notable = true;
    if (side.kind === 'agent' && side.ended) this.#answered(turn, span);
    if (!turn.notable) return;
    this.#close(turn, 'kept');
    if (side.kind === 'agent' && side.ended) this.#remember(span);
  }

  #remember(step: Span): void {
    const answer = this.#options.rules.answerOf(step);
    if (answer === undefined) return;
    this.#kept.add(answer);
    const [oldest] = this.#kept;
    if (this.#kept.size > maxAnswers && oldest !== undefined) this.#kept.delete(oldest);
  }

  /** A step of an answer is over: it joins the steps before it, and turns before that are judged. */
  #answered(turn: Turn, step: Span): void {
    turn.answer = this.#options.rules.answerOf(step);
    turn.notable ||= turn.answer !== undefined && this.#kept.has(turn.answer);
    // Who began to speak during the answer is answered by another.
    for (const side of turn.sides) {
      if (side.ended || side.kind === 'agent') continue;
      turn.sides.delete(side);
      side.turn = undefined;
      this.#unanswered.unshift(side);
    }
    for (const other of this.#open) {
      if (other === turn) continue;
      if (other.answer !== undefined && other.answer === turn.answer) {
        for (const side of other.sides) {
          side.turn = turn;
          turn.sides.add(side);
        }
        turn.notable ||= other.notable;
        this.#open.delete(other);
      } else if ([...other.sides].every(({ ended }) => ended)) this.#close(other, this.#sampled(other));
    }
  }

  #sampled({ sides }: Turn): 'kept' | 'left out' {
    // By the id of its first span, which is random.
    const [first] = [...sides].flatMap(({ ids }) => ids);
    return Number.parseInt((first ?? '0').slice(0, 8), 16) / 2 ** 32 < this.#options.ratio
      ? 'kept'
      : 'left out';
  }

  #close(turn: Turn, decision: 'kept' | 'left out'): void {
    turn.decision = decision;
    this.#open.delete(turn);
    for (const side of turn.sides) {
      this.#waiting -= side.spans.length;
      this.#apply(decision, side.spans.splice(0));
      this.#forget(side);
    }
  }

  /** Frees memory: the oldest turn is kept, because it may be notable. */
  #keepOldest(): void {
    const [oldest] = this.#open;
    const [side] = this.#unanswered;
    if (oldest) this.#close(oldest, 'kept');
    else if (side) {
      this.#unanswered.shift();
      this.#close(this.#turnOf([side]), 'kept');
    } else this.#waiting = 0;
  }

  #apply(decision: 'kept' | 'left out', spans: readonly Span[]): void {
    if (decision === 'kept') for (const span of spans) this.#options.keep(span);
    else if (spans.length > 0) this.#options.leaveOut(spans.length);
  }

  /** Forgets a side that is over: what begins below it later belongs to no turn. */
  #forget(side: Side): void {
    if (side.open > 0) return;
    for (const id of side.ids) this.#sides.delete(id);
  }
}
