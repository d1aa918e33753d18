import type { SpanRecord } from '../decode/records.ts';

/** The index of the first span that begins at `at` or later, of spans in the order in which they began. */
export function firstFrom(spans: readonly { start: number }[], at: number): number {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.start ?? at) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The spans of a session, and how they lie in one another. */
export class Tree {
  readonly #byId: ReadonlyMap<string, SpanRecord>;
  readonly #byName = new Map<string, SpanRecord[]>();
  readonly #children = new Map<string, SpanRecord[]>();

  /** @param spans in the order in which they began */
  constructor(spans: readonly SpanRecord[]) {
    this.#byId = new Map(spans.map((span) => [span.spanId, span]));
    const put = (map: Map<string, SpanRecord[]>, key: string, span: SpanRecord) => {
      const list = map.get(key);
      if (list) list.push(span);
      else map.set(key, [span]);
    };
    for (const span of spans) {
      put(this.#byName, span.name, span);
      if (span.parentId) put(this.#children, span.parentId, span);
    }
  }

  named(name: string): readonly SpanRecord[] {
    return this.#byName.get(name) ?? [];
  }

  all(): IterableIterator<SpanRecord> {
    return this.#byId.values();
  }

  /** The children of a span that have a name. */
  inside(span: SpanRecord, name: string): SpanRecord[] {
    return (this.#children.get(span.spanId) ?? []).filter((child) => child.name === name);
  }

  /** The closest span of a name that a span lies in. */
  around(span: SpanRecord, name: string): SpanRecord | undefined {
    // Bounded, because what was uploaded may say that a span lies in itself.
    for (let at = this.#parent(span), depth = 0; at && depth < 32; at = this.#parent(at), depth++) {
      if (at.name === name) return at;
    }
    return undefined;
  }

  #parent({ parentId }: SpanRecord): SpanRecord | undefined {
    return parentId === undefined ? undefined : this.#byId.get(parentId);
  }
}
