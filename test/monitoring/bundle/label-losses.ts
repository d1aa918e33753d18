import { parser } from '@prometheus-io/lezer-promql';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

/** Parts of an expression that lose a label: aggregations without it, and vector matches that do not compare it. */
export function labelLosses(expr: string, label: string): string[] {
  const losses: string[] = [];
  const text = ({ from, to }: { from: number; to: number }) => expr.slice(from, to);
  parser.parse(expr).iterate({
    enter: ({ name, node }) => {
      if (name === 'AggregateExpr') {
        const modifier = node.getChild('AggregateModifier');
        if (!keeps(modifier, text, label)) losses.push(text(node));
      }
      if (name === 'MatchingModifierClause') {
        if (!keeps(node, text, label) && !matchesUp(node, text)) losses.push(text(node.parent ?? node));
      }
    },
  });
  return losses;
}

const keeps = (node: SyntaxNode | null, text: (node: SyntaxNode) => string, label: string): boolean => {
  if (!node) return false;
  const [, word, names = ''] = /^\s*(\w+)\s*\(([^)]*)\)/.exec(text(node)) ?? [];
  const named = names.split(',').map((name) => name.trim());
  return word === 'by' || word === 'on' ? named.includes(label) : !named.includes(label);
};

/** A target's `up` has none of the labels that an agent adds. */
const matchesUp = (node: SyntaxNode, text: (node: SyntaxNode) => string): boolean => {
  const sides = node.parent ? [node.parent.firstChild, node.parent.lastChild] : [];
  return sides.some((side) => side !== null && /^\(?up\b/.test(text(side)));
};
