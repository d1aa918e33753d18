import type { Format } from '../../src/metrics/exposition.ts';

/** One sample line of an exposition. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
  /** The text after the `#` of OpenMetrics. */
  exemplar?: { labels: Readonly<Record<string, string>>; value: number };
}

export interface Family {
  name: string;
  type: string;
  help: string;
  samples: Sample[];
}

const metricName = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const labelPair = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const labelSet = `\\{(?:${labelPair}(?:,${labelPair})*)?\\}`;
const number = '(?:[+-]?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?|[+-]Inf|[Nn]a[Nn])';
const sampleLine = new RegExp(
  `^(${metricName})(${labelSet})? (${number})(?: # (${labelSet}) (${number})(?: (${number}))?)?$`,
);
const descriptor = new RegExp(`^# (HELP|TYPE) (${metricName}) (.*)$`);
const suffixes: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count', '_created'],
  summary: ['', '_sum', '_count'],
};

/** Parses a label set in its exposition syntax. */
function labelsOf(set = '{}'): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = '', value = ''] of set.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)) {
    if (Object.hasOwn(labels, name)) throw new Error(`the label ${name} is there twice: ${set}`);
    labels[name] = value.replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}

/**
 * Reads an exposition as strictly as its specification allows: every line must be a description, a sample of the
 * family described last, or empty (text), and no label set may appear twice.
 *
 * @throws for any other line
 */
export function parse(text: string, format: Format): Family[] {
  const families: Family[] = [];
  const seen = new Set<string>();
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error('the last line does not end');
  if (format !== 'text' && lines.pop() !== '# EOF') throw new Error('no # EOF at the end');
  for (const line of lines) {
    if (line === '' && format === 'text') continue;
    if (!line.isWellFormed()) throw new Error(`no Unicode: ${line}`);
    const [, what, name = '', rest = ''] = line.match(descriptor) ?? [];
    if (what === 'HELP') {
      if (families.some((family) => family.name === name)) throw new Error(`${name} is described twice`);
      families.push({ name, help: rest, type: 'untyped', samples: [] });
      continue;
    }
    const family = families.at(-1);
    if (!family) throw new Error(`nothing was described before: ${line}`);
    if (what === 'TYPE') {
      if (family.name !== name || family.samples.length > 0) throw new Error(`misplaced: ${line}`);
      family.type = rest;
      continue;
    }
    family.samples.push(sampleOf(line, family, format, seen));
  }
  return families;
}

/** @throws unless a creation time follows the samples of its label set, where Prometheus expects it */
function requireLastLabelSet(labels: Readonly<Record<string, string>>, { samples }: Family): void {
  const { le: _, ...last } = samples.at(-1)?.labels ?? {};
  if (JSON.stringify(last) !== JSON.stringify(labels))
    throw new Error('a creation time of another label set');
}

function sampleOf(line: string, family: Family, format: string, seen: Set<string>): Sample {
  const [, name = '', set, value, exemplarSet, exemplarValue] = line.match(sampleLine) ?? [];
  if (!name) throw new Error(`no sample: ${line}`);
  const counter = family.type === 'counter' && format !== 'text';
  const allowed = counter ? ['_total', '_created'] : (suffixes[family.type] ?? ['']);
  if (!allowed.some((suffix) => name === family.name + suffix))
    throw new Error(`not of ${family.name}: ${line}`);
  const labels = labelsOf(set);
  if (name.endsWith('_created')) requireLastLabelSet(labels, family);
  const key = name + JSON.stringify(Object.entries(labels).sort());
  if (seen.has(key)) throw new Error(`twice: ${line}`);
  seen.add(key);
  if (exemplarSet === undefined) return { name, labels, value: Number(value?.replace('Inf', 'Infinity')) };
  if (format === 'text') throw new Error(`an exemplar in the text format: ${line}`);
  return {
    name,
    labels,
    value: Number(value?.replace('Inf', 'Infinity')),
    exemplar: { labels: labelsOf(exemplarSet), value: Number(exemplarValue) },
  };
}
