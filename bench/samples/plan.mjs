// How many samples a query takes, as Prometheus counts them (totalQueryableSamples of `stats=all`).
import { parser } from '@prometheus-io/lezer-promql';
import { count, only } from './fleet.mjs';

const language = parser.configure({ top: 'PromQL' });
const units = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 };

/** Seconds of a Prometheus duration. */
export const seconds = (duration) =>
  [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwy])/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * units[unit],
    0,
  );

const scalar = { of: 'none', has: new Set(), listed: new Map(), every: 15 };
const setOperators = new Set(['And', 'Or', 'Unless']);

/**
 * @param known every series by name, see `fleet.mjs`
 * @returns `samples` of a query, and the labels of what it answers
 * @throws {Error} for a series that the model does not know
 */
export function createPlan(known, fleet) {
  /** Goes over a query once: the samples of one step, and the labels of its answer. */
  function visit(node, text) {
    const children = childrenOf(node);
    const all = () => children.map((child) => visit(child, text));
    const sum = (parts) => parts.reduce((total, { samples }) => total + samples, 0);
    switch (node.name) {
      case 'VectorSelector': {
        const series = selected(text.slice(node.from, node.to));
        return { samples: count(series, fleet), series };
      }
      case 'MatrixSelector': {
        const { series } = visit(children[0], text);
        const window = seconds(text.slice(children[1].from, children[1].to));
        return { samples: (count(series, fleet) * window) / series.every, series };
      }
      case 'SubqueryExpr': {
        // Prometheus counts the points that a subquery makes, and not again those that it is made of.
        const [inner, range, step] = children;
        const { series } = visit(inner, text);
        const window = seconds(text.slice(range.from, range.to));
        return {
          samples: (count(series, fleet) * window) / seconds(text.slice(step.from, step.to)),
          series,
        };
      }
      case 'AggregateExpr': {
        const parts = all();
        const modifier = children.find(({ name }) => name === 'AggregateModifier');
        const inner = parts.at(-1).series;
        const ranked = /^\s*(top|bottom)k|^\s*limitk/.test(text.slice(node.from, node.to));
        return { samples: sum(parts), series: ranked ? inner : only(inner, grouping(modifier, text)) };
      }
      case 'BinaryExpr': {
        const operands = children.filter(({ name }) => isOperand(name)).map((child) => visit(child, text));
        return { samples: sum(operands), series: joined(children, operands, text) };
      }
      case 'FunctionCall': {
        const parts = all();
        const name = text.slice(node.from, text.indexOf('(', node.from)).trim();
        const inner = parts.at(-1)?.series ?? scalar;
        const series =
          name === 'histogram_quantile'
            ? { ...inner, listed: new Map([...inner.listed].filter(([label]) => label !== 'le')) }
            : inner;
        return { samples: sum(parts), series };
      }
      case 'OffsetExpr': {
        const [{ samples, series }] = all();
        // Of times to come there are none: exemplars are asked for so.
        return { samples: /offset\s+-/.test(text.slice(node.from, node.to)) ? 0 : samples, series };
      }
      default: {
        const parts = all();
        return {
          samples: sum(parts),
          series: parts.find(({ series }) => series !== scalar)?.series ?? scalar,
        };
      }
    }
  }

  function selected(text) {
    const name = text.split('{')[0].trim() || /__name__=~?"([^"]+)"/.exec(text)?.[1];
    const series = known.get(name);
    if (!series) throw new Error(`the model of a fleet does not know ${name}, of ${text}`);
    const matchers = [...text.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g)];
    const listed = new Map(series.listed);
    for (const [, label, operator, value] of matchers) {
      const values = listed.get(label);
      if (!values || value === '.*') continue;
      listed.set(label, values.filter(matching(operator, value.replaceAll('\\\\', '\\'))));
    }
    return { ...series, listed };
  }

  return {
    /** Samples of a query that is evaluated at so many steps. */
    samples(text, steps = 1) {
      return visit(language.parse(text).topNode, text).samples * steps;
    },
    /** The labels of what a query answers, for what is recorded of it. */
    answer: (text) => visit(language.parse(text).topNode, text).series,
  };

  /** Values that the model invents meet one equality of all, and any other pattern. */
  function matching(operator, pattern) {
    const whole = operator.includes('~') ? new RegExp(`^(?:${pattern})$`) : undefined;
    return (value, index) => {
      const invented = value.startsWith('\u0000');
      const holds = whole ? invented || whole.test(value) : invented ? index === 0 : value === pattern;
      return operator.startsWith('!') ? !holds || (invented && whole !== undefined) : holds;
    };
  }
}

const isOperand = (name) =>
  /(Expr|Selector|FunctionCall|Literal)$/.test(name) && name !== 'MatchingModifierClause';

function childrenOf(node) {
  const found = [];
  for (let child = node.firstChild; child; child = child.nextSibling) found.push(child);
  return found;
}

const grouping = (node, text) => {
  if (!node) return [];
  const [, labels] = /\(([^)]*)\)/.exec(text.slice(node.from, node.to)) ?? [];
  return (labels ?? '').split(',').map((label) => label.trim());
};

/** The labels that two vectors have together. */
function joined(children, [left, right], text) {
  if (left.series === scalar) return right.series;
  if (right.series === scalar) return left.series;
  const clause = children.find(({ name }) => name === 'MatchingModifierClause');
  const words = clause ? text.slice(clause.from, clause.to) : '';
  if (children.some(({ name }) => setOperators.has(name))) {
    // `up and on (job) …` leaves the targets of those jobs.
    const narrowed = children.some(({ name }) => name === 'And') && /\b(job|instance)\b/.test(words);
    return narrowed ? { ...left.series, of: right.series.of } : left.series;
  }
  if (words.includes('group_right')) return right.series;
  if (words.includes('group_left')) return left.series;
  return words.startsWith('on') ? only(left.series, grouping(clause, text)) : left.series;
}

/** What rules record, beside what is scraped; each is to be known before what reads it. */
export function withRecorded(scraped, groups, fleet) {
  const known = new Map(scraped);
  const left = groups.flatMap(({ interval, rules }) =>
    rules.filter(({ record }) => record).map((rule) => ({ ...rule, every: seconds(interval) })),
  );
  while (left.length > 0) {
    const at = left.findIndex(({ expr }) => answerable(expr));
    if (at < 0) throw new Error(`the model does not know what these read: ${left.map((r) => r.record)}`);
    const [{ record, expr, labels = {}, every }] = left.splice(at, 1);
    const series = createPlan(known, fleet).answer(expr);
    const listed = new Map(series.listed);
    for (const [label, value] of Object.entries(labels)) {
      listed.set(label, [...new Set([...(known.get(record)?.listed.get(label) ?? []), value])]);
    }
    known.set(record, { ...series, listed, every });
  }
  return known;

  function answerable(expr) {
    try {
      createPlan(known, fleet).answer(expr);
      return true;
    } catch {
      return false;
    }
  }
}
