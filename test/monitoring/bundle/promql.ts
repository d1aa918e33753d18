import { ensureSyntaxTree, LRLanguage } from '@codemirror/language';
import { EditorState } from '@codemirror/state';
import { Parser } from '@prometheus-io/codemirror-promql/dist/cjs/parser/index.js';
import { parser } from '@prometheus-io/lezer-promql';

/** A selector of an expression: the series name and its label matchers. */
export interface Selector {
  name: string;
  matchers: readonly { label: string; operator: string; value: string }[];
}

const language = LRLanguage.define({ parser: parser.configure({ top: 'PromQL' }) });

/** Grafana replaces its variables before Prometheus sees them. */
const interpolated = (expr: string): string =>
  expr
    .replaceAll(/\$__(rate_)?interval\b/g, '5m')
    .replaceAll('$__range_s', '3600')
    .replaceAll('$__range', '1h')
    .replaceAll('${window:text}', '60')
    .replaceAll('$window', '5m')
    .replaceAll('$level', 'worker')
    .replaceAll(/\$\{?(\w+)(:\w+)?\}?/g, '.*');

/** PromQL errors: syntax, argument types, misplaced ranges. */
export function problems(expr: string): string[] {
  const doc = interpolated(expr);
  const fresh = EditorState.create({ doc, extensions: [language] });
  // The editor stops parsing after a few milliseconds, which is too short on a busy machine; the next state has the whole tree.
  ensureSyntaxTree(fresh, doc.length, 60_000);
  const { state } = fresh.update({});
  // The types are those of the CommonJS build; at run time, both are the same module.
  const analysis = new Parser(state as never);
  analysis.analyze();
  const found = analysis.getDiagnostics().map(({ message }) => message);
  // The analysis accepts incomplete input, such as a missing bracket.
  parser.parse(doc).iterate({
    enter: (node) => {
      if (node.type.isError) found.push(`syntax error at ${node.from}`);
    },
  });
  return found;
}

/** All selectors of an expression. */
export function selectors(expr: string): Selector[] {
  const doc = interpolated(expr);
  const found: Selector[] = [];
  parser.parse(doc).iterate({
    enter: ({ name, node }) => {
      if (name !== 'VectorSelector') return;
      const text = doc.slice(node.from, node.to);
      const matchers = [...text.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g)].map(
        ([, label = '', operator = '', value = '']) => ({ label, operator, value }),
      );
      found.push({ name: text.split('{')[0]?.trim() ?? '', matchers });
    },
  });
  return found;
}

/** Labels that an expression groups or joins by. */
export function grouped(expr: string): string[] {
  const doc = interpolated(expr);
  const found: string[] = [];
  parser.parse(doc).iterate({
    enter: ({ name, node }) => {
      if (name === 'GroupingLabels') {
        found.push(
          ...doc
            .slice(node.from + 1, node.to - 1)
            .split(',')
            .map((label) => label.trim())
            .filter(Boolean),
        );
      }
    },
  });
  return found;
}
