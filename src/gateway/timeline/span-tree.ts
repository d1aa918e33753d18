import type { SpanRecord } from '../decode/records.ts';
import { factsOf, type SpanFacts } from '../decode/span-facts.ts';

/** What the timeline keeps of a span; unix seconds. Two hours of a call are some ten thousand of them. */
export interface Node {
  id: string;
  parentId?: string;
  name: string;
  start: number;
  end: number;
  facts?: SpanFacts;
  /** The type of what failed, if something did. */
  error?: string;
}

type Kind = SpanFacts['of'];
export type NodeOf<K extends Kind> = Node & { facts: Extract<SpanFacts, { of: K }> };

/** A parent of a parent of a …; deeper ones are of somebody's own tracer. */
const maxDepth = 16;

function errorOf({ status, attributes, events, statusMessage }: SpanRecord): string | undefined {
  if (status !== 'error') return undefined;
  const told = [attributes, ...events.map((event) => event.attributes)]
    .map((each) => each['exception.type'] ?? each['error.type'])
    .find((type) => typeof type === 'string');
  return told === undefined ? (statusMessage ?? 'error') : String(told);
}

/** The spans of a session, by their beginning, and how they hang together. */
export class SpanTree {
  readonly all: readonly Node[];
  readonly #byId: ReadonlyMap<string, Node>;
  readonly #children = new Map<string, Node[]>();

  /** @param language of the SDK; see `factsOf` */
  static async read(spans: AsyncIterable<SpanRecord>, language: string | undefined): Promise<SpanTree> {
    // A span that was sent twice counts once.
    const nodes = new Map<string, Node>();
    for await (const span of spans) {
      const { spanId: id, parentId, name, start, end } = span;
      const facts = factsOf(span, language);
      const error = errorOf(span);
      nodes.set(id, { id, parentId, name, start, end: Math.max(start, end), facts, error });
    }
    return new SpanTree(nodes);
  }

  private constructor(nodes: ReadonlyMap<string, Node>) {
    this.all = [...nodes.values()].sort((a, b) => a.start - b.start || a.end - b.end);
    this.#byId = nodes;
    for (const node of this.all) {
      if (node.parentId === undefined) continue;
      const siblings = this.#children.get(node.parentId);
      if (siblings) siblings.push(node);
      else this.#children.set(node.parentId, [node]);
    }
  }

  of<K extends Kind>(...kinds: readonly K[]): NodeOf<K>[] {
    return this.all.filter((node): node is NodeOf<K> => kinds.some((kind) => node.facts?.of === kind));
  }

  named(name: string): Node[] {
    return this.all.filter((node) => node.name === name);
  }

  children({ id }: Node): readonly Node[] {
    return this.#children.get(id) ?? [];
  }

  /** All that hangs from a node, however deep. */
  under(node: Node): Node[] {
    const found: Node[] = [];
    let level = this.children(node);
    for (let depth = 0; level.length > 0 && depth < maxDepth; depth++) {
      found.push(...level);
      level = level.flatMap((each) => this.children(each));
    }
    return found;
  }

  /** The node itself, or the closest above it, of this kind. */
  above<K extends Kind>(node: Node, kind: K): NodeOf<K> | undefined {
    let each: Node | undefined = node;
    for (let depth = 0; each && depth < maxDepth; depth++) {
      if (each.facts?.of === kind) return each as NodeOf<K>;
      each = each.parentId === undefined ? undefined : this.#byId.get(each.parentId);
    }
    return undefined;
  }

  /** Where something failed: of a failure that those above it tell as well, the place where it began. */
  failed(): Node[] {
    return this.all.filter(
      (node) => node.error !== undefined && !this.children(node).some(({ error }) => error !== undefined),
    );
  }
}

export const isOf = <K extends Kind>(node: Node, kind: K): node is NodeOf<K> => node.facts?.of === kind;
