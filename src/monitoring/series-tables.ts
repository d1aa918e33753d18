import * as allBuckets from '../catalogue/buckets.ts';
import { cost } from '../catalogue/cost.ts';
import { detectors } from '../catalogue/detectors.ts';
import { gateway } from '../catalogue/gateway.ts';
import { models } from '../catalogue/models.ts';
import { recordings } from '../catalogue/recordings.ts';
import { self } from '../catalogue/self.ts';
import { sessions } from '../catalogue/sessions.ts';
import { turns } from '../catalogue/turns.ts';
import type { MetricSpec, SourceField } from '../catalogue/types.ts';
import { usage } from '../catalogue/usage.ts';
import { worker } from '../catalogue/worker.ts';
import { code, page, table } from './markdown.ts';

interface Group {
  title: string;
  about: string;
  metrics: Readonly<Record<string, MetricSpec>>;
}

/** The catalogue's groups, in the order in which they are documented. */
export const groups: readonly Group[] = [
  {
    title: 'Turns',
    about:
      "What a caller waits for, from the metrics of the conversation's own messages (`ChatMessage.metrics`), which the " +
      'SDK keeps in seconds.',
    metrics: turns,
  },
  {
    title: 'Models',
    about: 'Each request to a language, speech or realtime model, from the event `metrics_collected`.',
    metrics: models,
  },
  {
    title: 'Detectors',
    about: 'What decides whose turn it is: voice activity, end of utterance, end of turn, interruption.',
    metrics: detectors,
  },
  {
    title: 'Usage',
    about:
      "What providers bill for. The names are those of the Python SDK's OpenTelemetry metrics. Over the same events the " +
      "counters equal the SDK's `ModelUsageCollector`, but for what that counts twice (see Duplicates).",
    metrics: usage,
  },
  {
    title: 'Cost',
    about:
      'What the usage costs in US dollars: at list prices, or at those of your price file. [prices.md](prices.md) says how, ' +
      'and with which prices.',
    metrics: cost,
  },
  { title: 'Sessions', about: 'Calls, and what happens in them.', metrics: sessions },
  {
    title: 'Recordings',
    about: 'Rooms that LiveKit Egress records for a job; [recordings.md](recordings.md) tells how.',
    metrics: recordings,
  },
  {
    title: 'Worker',
    about:
      "The process that takes jobs, and the processes that it forks. The first four are the Python SDK's own worker " +
      'metrics, with its label `nodename`.',
    metrics: worker,
  },
  {
    title: 'Talkgauge itself',
    about: 'What Talkgauge refused, dropped and overflowed. Watch these: every loss is counted here.',
    metrics: self,
  },
  {
    title: 'Gateway',
    about:
      'What [the gateway](gateway.md) tells of itself, on its own page of metrics. It belongs to no agent, so that its series ' +
      'have none of the common labels.',
    metrics: gateway,
  },
];

/** One section with a table for each group. */
export const seriesTables = (all: readonly Group[] = groups): string =>
  page(
    all.flatMap(({ title, about, metrics }) => [
      `## ${title}`,
      about,
      table(
        ['Series', 'Type', 'Unit', 'Labels', 'What it measures', 'Source'],
        Object.entries(metrics).map(([name, spec]) => [
          code(name),
          typeOf(spec),
          spec.unit,
          labelsOf(spec),
          spec.help,
          sourceOf(spec),
        ]),
      ),
    ]),
  ).trimEnd();

/** The upper bounds of the histograms, by the names that the tables use. */
export const bucketTable = (): string =>
  page([
    '## Buckets',
    'Upper bounds of the histograms, in their unit; `+Inf` comes on top.',
    table(
      ['Name', 'Upper bounds'],
      // Sorted, because how a namespace orders its members depends on what loads it.
      Object.entries(allBuckets)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, bounds]) => [code(name), bounds.join(', ')]),
    ),
  ]).trimEnd();

function typeOf({ type, buckets }: MetricSpec): string {
  if (!buckets) return type;
  const name = Object.entries(allBuckets).find(([, bounds]) => bounds === buckets)?.[0];
  return name ? `${type}, buckets [${name}](#buckets)` : `${type}, buckets ${buckets.join(', ')}`;
}

const labelsOf = ({ labels }: MetricSpec): string =>
  Object.entries(labels)
    .map(([label, values]) =>
      values === 'open' ? code(label) : `${code(label)} = ${values.map(code).join(', ')}`,
    )
    .join('; ');

function sourceOf({ source, fields = [] }: MetricSpec): string {
  const named = fields.map(({ of, node }: SourceField) => code(`${of}.${node}`));
  return named.length > 0 ? `${source} (${named.join(', ')})` : source;
}
