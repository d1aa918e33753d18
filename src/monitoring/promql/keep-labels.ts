/** A string of PromQL, or where labels are named: `by (…)`, `on (…)`, or an aggregation that keeps none of them. */
const places =
  /"(?:[^"\\]|\\.)*"|\b(by|on) \(([^)]*)\)(?! up\b)|\b(sum|min|max|avg|group|count|stddev|quantile|topk|bottomk)\(/g;

/**
 * An expression in which the user's own labels survive: every aggregation keeps them, and every match compares them. So a rule
 * is written for one region, and holds for each. Only `up` is matched without them: it has the labels of its target, and none
 * that the agent itself adds.
 */
export function keepLabels(expr: string, labels: readonly string[]): string {
  if (labels.length === 0) return expr;
  return expr.replaceAll(places, (found, word?: string, named?: string, aggregation?: string) => {
    if (aggregation) return `${aggregation} by (${labels.join(', ')}) (`;
    if (!word) return found;
    const others = (named ?? '').split(/,\s*/).filter((label) => label && !labels.includes(label));
    return `${word} (${[...labels, ...others].join(', ')})`;
  });
}

/** What an annotation looks up, `{{ with printf "series{agent_name=%q}" $labels.agent_name | query }}`, by these labels too. */
export const keepLabelsInTemplate = (template: string, labels: readonly string[]): string =>
  template.replaceAll(
    /(with printf `[^`]*=%q)(\}[^`]*`)([^|]*?) \| query/g,
    (_, before: string, after: string, values: string) =>
      `${before}${labels.map((label) => `, ${label}=%q`).join('')}${after}${values}` +
      `${labels.map((label) => ` $labels.${label}`).join('')} | query`,
  );
