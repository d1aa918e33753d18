/** What the tree reads of a span. */
export interface TreeSpan {
  spanId: string;
  parentId?: string;
  name: string;
}

/** Ancestors that are looked at: an upload may contain a cycle, and deeper spans come from a user's own tracer. */
const maxDepth = 32;

/** The spans of a session by name and by parent. */
export class SpanTree<S extends TreeSpan> {
  readonly all: readonly S[];
  readonly #byId: ReadonlyMap<string, S>;
  readonly #byName = new Map<string, S[]>();
  readonly #children = new Map<string, S[]>();

  /** @param spans in the order in which they began */
  constructor(spans: readonly S[]) {
    this.#byId = new Map(spans.map((span) => [span.spanId, span]));
    this.all = spans;
    const add = (map: Map<string, S[]>, key: string, span: S) => {
      const list = map.get(key);
      if (list) list.push(span);
      else map.set(key, [span]);
    };
    for (const span of spans) {
      add(this.#byName, span.name, span);
      if (span.parentId) add(this.#children, span.parentId, span);
    }
  }

  named(name: string): readonly S[] {
    return this.#byName.get(name) ?? [];
  }

  parent({ parentId }: S): S | undefined {
    return parentId === undefined ? undefined : this.#byId.get(parentId);
  }

  children({ spanId }: S): readonly S[] {
    return this.#children.get(spanId) ?? [];
  }

  childrenNamed(span: S, name: string): S[] {
    return this.children(span).filter((child) => child.name === name);
  }

  /** The closest ancestor with a name. */
  ancestor(span: S, name: string): S | undefined {
    let each = this.parent(span);
    for (let depth = 0; each && depth < maxDepth; depth++) {
      if (each.name === name) return each;
      each = this.parent(each);
    }
    return undefined;
  }
}
