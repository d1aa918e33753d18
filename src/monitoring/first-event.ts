import { catalogue } from '../catalogue/metrics.ts';
import { startsOf, zeroSince } from '../catalogue/start-at-zero.ts';
import { code, page, table } from './markdown.ts';

const counters = Object.entries(catalogue).filter(([, { type }]) => type === 'counter');
const named = (since: ReturnType<typeof zeroSince>) =>
  counters.map(([name]) => name).filter((name) => zeroSince(name, catalogue) === since);

/** What makes the label sets of a counter known, in words. */
const with_ = (name: string): string => {
  const spec = catalogue[name]!;
  const others = startsOf(name, spec).filter(({ series }) => series !== name);
  return spec.derived
    ? code('lk_agents_billable_usage_total')
    : others.map(({ series }) => code(series)).join(', ');
};

/** The section that says of which first events `increase()` tells. */
export const firstEvents = (): string =>
  page([
    '## The first event',
    '`increase()` and `rate()` compare samples: of a series that appears with its first event, they miss that event, and with it ' +
      "a tool's first failure or a new version's first error. There are two ways out, and Talkgauge goes both:",
    '1. **Counters are exposed at 0** as soon as their labels are known. What is counted after the next scrape is never missed, by ' +
      'any Prometheus. The tables below say since when.\n' +
      '2. **Creation times**: a Prometheus 3 with `--enable-feature=created-timestamp-zero-ingestion` is told in `_created` lines ' +
      'of OpenMetrics when each counter and histogram was created, and puts a 0 there. Then `increase()` is exact from the first ' +
      'event on, for every counter and histogram, and over a restart of the worker, too. A test compares it in real servers.',
    'That Prometheus asks for protobuf before OpenMetrics; that is how it is known. Any other would store `_created` as series, ' +
      'one for each counter and histogram, and use them for nothing: it is not sent them. With `scrape_protocols` of your own, ' +
      '`PrometheusProto` must be there, before `OpenMetricsText1.0.0`; without it there are no creation times. The clock of the ' +
      "worker must not be ahead of Prometheus's by more than a scrape interval: then a 0 comes after samples that count, and what " +
      'they grew by is counted twice.',
    '`increase()` also extrapolates to the ends of its range: over 5 minutes in which 3 calls failed it may say 3.1. Over a range that ' +
      'ends with the last sample, and whose series began at 0 within it, nothing is extrapolated. Prometheus before 3 guesses from a ' +
      "series' growth what it was before its first sample, which may make up for a missing event, or not.",
    `Exposed at 0 since the worker has registered with LiveKit: ${named('worker').map(code).join(', ')}.`,
    'Exposed at 0 since the first job of an agent, at its version, is connected: without creation times, what is counted of them ' +
      `before the scrape after that is missing. ${named('agent').map(code).join(', ')}.`,
    'Exposed at 0 with the first label set of another series, of whose first scrape the same is true:',
    table(
      ['Series', 'With'],
      named('another series').map((name) => [code(name), with_(name)]),
    ),
    'Lost without creation times: the first event of each tool, model or other open label, of whatever outcome. The other outcomes are ' +
      `there at 0 from then on: ${named('itself').map(code).join(', ')}.`,
    'Histograms appear with their first observation, which is missing without creation times: at 0, each would be some twenty series.',
  ]).trimEnd();
