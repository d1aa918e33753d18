import type { SpanRecord } from '../decode/records.ts';
import { factsOf, type SpanFacts } from '../decode/span-facts.ts';
import { SpanTree } from '../decode/span-tree.ts';

/** What the timeline keeps of a span; unix seconds. Two hours of a call are some ten thousand of them. */
export interface Node {
  spanId: string;
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

/** Levels of the tree that are walked; deeper spans come from a user's own tracer. */
const maxDepth = 16;

function errorOf({ status, attributes, events, statusMessage }: SpanRecord): string | undefined {
  if (status !== 'error') return undefined;
  const type = [attributes, ...events.map((event) => event.attributes)]
    .map((each) => each['exception.type'] ?? each['error.type'])
    .find((type) => typeof type === 'string');
  return type === undefined ? (statusMessage ?? 'error') : String(type);
}

/** The spans of a session with what they report, by their start. */
export class FactsTree extends SpanTree<Node> {
  /** @param language of the SDK; see `factsOf` */
  static async read(spans: AsyncIterable<SpanRecord>, language: string | undefined): Promise<FactsTree> {
    // A span that was sent twice counts once.
    const nodes = new Map<string, Node>();
    for await (const span of spans) {
      const { spanId, parentId, name, start, end } = span;
      const facts = factsOf(span, language);
      const error = errorOf(span);
      nodes.set(spanId, { spanId, parentId, name, start, end: Math.max(start, end), facts, error });
    }
    return new FactsTree([...nodes.values()].sort((a, b) => a.start - b.start || a.end - b.end));
  }

  of<K extends Kind>(...kinds: readonly K[]): NodeOf<K>[] {
    return this.all.filter((node): node is NodeOf<K> => kinds.some((kind) => node.facts?.of === kind));
  }

  /** All nodes below a node. */
  descendants(node: Node): Node[] {
    const found: Node[] = [];
    let level: readonly Node[] = this.children(node);
    for (let depth = 0; level.length > 0 && depth < maxDepth; depth++) {
      found.push(...level);
      level = level.flatMap((each) => this.children(each));
    }
    return found;
  }

  /** The node itself, or the closest above it, of this kind. */
  closest<K extends Kind>(node: Node, kind: K): NodeOf<K> | undefined {
    let each: Node | undefined = node;
    for (let depth = 0; each && depth < maxDepth; depth++) {
      if (each.facts?.of === kind) return each as NodeOf<K>;
      each = this.parent(each);
    }
    return undefined;
  }

  /** The innermost spans that failed: their ancestors repeat the failure. */
  failed(): Node[] {
    return this.all.filter(
      (node) => node.error !== undefined && !this.children(node).some(({ error }) => error !== undefined),
    );
  }
}

export const isOf = <K extends Kind>(node: Node, kind: K): node is NodeOf<K> => node.facts?.of === kind;
