import { parser as logql } from '@grafana/lezer-logql';
import { parser as traceql } from '@grafana/lezer-traceql';

interface Tree {
  iterate(spec: { enter(node: { from: number; type: { isError: boolean } }): void }): void;
}

const errors = (tree: Tree): string[] => {
  const found: string[] = [];
  tree.iterate({
    enter: ({ from, type }) => {
      if (type.isError) found.push(`syntax error at ${from}`);
    },
  });
  return found;
};

/** Grafana replaces its variables before a backend sees them; `$slower` is a number. */
const interpolated = (expr: string): string =>
  expr
    .replaceAll('$slower', '1.5')
    .replaceAll('$__range', '1h')
    .replaceAll(/\$\{?(\w+)(:\w+)?\}?/g, 'value');

/** LogQL syntax errors. */
export const logqlProblems = (expr: string): string[] => errors(logql.parse(interpolated(expr)));

/** TraceQL syntax errors. A trace ID alone is valid. */
export const traceqlProblems = (expr: string): string[] =>
  expr === '${trace_id}' ? [] : errors(traceql.parse(interpolated(expr)));
