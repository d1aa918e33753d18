import { knownWorkers } from '../../rules/for-boards.ts';

/** A recorded series that keeps the user's labels, or what Prometheus says of alerts, with its matchers. */
const filtered =
  /(?<![\w:$])((?:agent|version|component|worker|\$level):[\w:$]+|ALERTS(?:_FOR_STATE)?)(?:\{([^}]*)\})?/g;

/**
 * PromQL in which the filters by the user's own labels hold for every recorded series, too: `derived` series are named without
 * regard to them. Alerts need not have these labels.
 */
export const filteredByLabels = (expr: string, labels: readonly string[]): string =>
  labels.length === 0
    ? expr
    : expr.replaceAll(filtered, (found, name: string, matchers = '') => {
        // Which workers belong to others than the chosen ones can only be told from all.
        if (name === knownWorkers && matchers === '') return found;
        const missing = labels.filter((label) => !new RegExp(`\\b${label}=~`).test(matchers));
        const own = missing.map((label) => `${label}=~"$${label}${name.startsWith('ALERTS') ? '|' : ''}"`);
        const all = [...(matchers === '' ? [] : [matchers]), ...own];
        return all.length === 0 ? name : `${name}{${all.join(', ')}}`;
      });

/** A board in which this holds for all queries. */
export const withLabelFilters = <B extends object>(board: B, labels: readonly string[]): B =>
  labels.length === 0
    ? board
    : JSON.parse(JSON.stringify(board), (key, value) =>
        key === 'expr' && typeof value === 'string' ? filteredByLabels(value, labels) : value,
      );
