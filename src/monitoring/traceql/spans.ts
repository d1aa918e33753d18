/** Spans that boards ask for, with the attributes by which they do; docs/telemetry.md shows all of them. */
interface SpanAttributes {
  agent_turn: 'lk.e2e_latency' | 'lk.interrupted';
  function_tool: 'lk.function_tool.is_error';
  agent_session: never;
}

type Comparison = readonly [operator: '=' | '=~' | '>' | '>=', value: string | number | boolean];

/**
 * What a value is in TraceQL: a text in quotation marks, and a number as one with a point, for a whole number is never
 * above or below one with a point there. It may come from a variable of Grafana, so that it is multiplied.
 */
const literal = ([operator, value]: Comparison): string => {
  if (operator.startsWith('>')) return `1.0 * ${value}`;
  return typeof value === 'string' ? `"${value}"` : String(value);
};

/** Spans of one name, of the agents that are chosen. The agent is an attribute of the span, or of its resource. */
export function spans<S extends keyof SpanAttributes>(
  name: S,
  where: { readonly [A in SpanAttributes[S]]?: Comparison } = {},
  select: readonly SpanAttributes[S][] = [],
): string {
  const conditions = Object.entries(where).map(([attribute, comparison]) => {
    const [operator] = comparison as Comparison;
    return `span.${attribute} ${operator} ${literal(comparison as Comparison)}`;
  });
  const all = [`name = "${name}"`, '.lk.agent_name =~ "$agent"', ...conditions].join(' && ');
  const chosen =
    select.length > 0 ? ` | select(${select.map((attribute) => `span.${attribute}`).join(', ')})` : '';
  return `{ ${all} }${chosen}`;
}

/** The traces of one job. */
export const tracesOfJob = (job: string): string => `{ .job_id = "${job}" }`;
