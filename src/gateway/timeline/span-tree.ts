import type { SpanRecord } from '../decode/records.ts';
import { factsOf, type SpanFacts } from '../decode/span-facts.ts';
import { SpanTree } from '../decode/span-tree.ts';

/** A span in the timeline's tree; unix seconds. A call of two hours has some ten thousand of them. */
export interface Node {
  spanId: string;
  parentId?: string;
  name: string;
  start: number;
  end: number;
  facts?: SpanFacts;
  /** The type of the error, if it failed. */
  error?: string;
}

type Kind = SpanFacts['of'];
export type NodeOf<K extends Kind> = Node & { facts: Extract<SpanFacts, { of: K }> };

/** Maximum depth of the traversal; deeper spans come from a user's own tracer. */
const maxDepth = 16;

function errorOf({ status, attributes, events, statusMessage }: SpanRecord): string | undefined {
  if (status !== 'error') return undefined;
  const type = [attributes, ...events.map((event) => event.attributes)]
    .map((each) => each['exception.type'] ?? each['error.type'])
    .find((type) => typeof type === 'string');
  return type === undefined ? (statusMessage ?? 'error') : String(type);
}

/** The spans of a session with their facts, in order of start. */
export class FactsTree extends SpanTree<Node> {
  /** @param language of the SDK; see `factsOf` */
  static async read(spans: AsyncIterable<SpanRecord>, language: string | undefined): Promise<FactsTree> {
    // A duplicate span counts once.
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

  /** The node itself, or its closest ancestor, of this kind. */
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
