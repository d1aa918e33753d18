import { catalogue } from '../catalogue/metrics.ts';
import type { MetricSpec } from '../catalogue/types.ts';
import { code, page, table } from './markdown.ts';
import {
  commonFields,
  eventFields,
  messageFields,
  metricsFields,
  type SdkField,
  type SdkFields,
} from './sdk-fields.ts';

/** How a field's unit reads in each SDK. */
const units: Record<SdkField['unit'], { node: string; python: string }> = {
  duration: { node: 'ms', python: 's' },
  seconds: { node: 's', python: 's' },
  tokens: { node: 'tokens', python: 'tokens' },
  'tokens/s': { node: 'tokens/s', python: 'tokens/s' },
  characters: { node: 'characters', python: 'characters' },
  count: { node: 'count', python: 'count' },
  ratio: { node: '0 to 1', python: '0 to 1' },
  time: { node: 'time, ms', python: 'time, s' },
  'time in seconds': { node: 'time, s', python: 'time, s' },
  flag: { node: 'true or false', python: 'true or false' },
  name: { node: 'name', python: 'name' },
  object: { node: 'object', python: 'object' },
};

/** The series that a field of an SDK type goes into. */
export const seriesOf = (
  type: string,
  node: string,
  specs: Readonly<Record<string, MetricSpec>> = catalogue,
): string[] =>
  Object.entries(specs)
    .filter(([, { fields = [] }]) => fields.some((field) => field.of === type && field.node === node))
    .map(([name]) => name);

/** Where every field of LiveKit's metrics reference goes, and those that it leaves out. */
export function fieldMapping(): string {
  const events: [string, SdkFields][] = Object.entries(metricsFields);
  return page([
    "## LiveKit's metrics reference, field by field",
    "Every field of the metrics reference in LiveKit's documentation of data collection in its order, " +
      'under its names in both SDKs, and where Talkgauge puts it. Talkgauge observes the Node.js SDK; the Python names are ' +
      'here because dashboards and habits have them. All series are in base units, whatever the unit of the field.',
    ...events
      .filter(([, { documented }]) => documented.length > 0)
      .flatMap(([type, { title, documented }]) => [
        `### ${title}: ${code(type)}`,
        fieldTable(documented.map((field) => [type, field])),
      ]),
    '### Fields that the reference leaves out',
    "The rest of the SDK's metrics events.",
    table(
      ['Type', ...head],
      events.flatMap(([type, { further }]) => further.map((field) => [code(type), ...row(type, field)])),
    ),
    'Nearly all of these events also have:',
    table(
      ['Node.js', 'Python', 'What it is used for'],
      commonFields.map(({ node, python, note }) => [code(node), code(python ?? '–'), note ?? '']),
    ),
    `### ${messageFields.title}`,
    'In seconds in both SDKs.',
    fieldTable(messageFields.further.map((field) => ['ChatMessage.metrics', field])),
    '### Other events and items',
    table(
      ['Type', ...head],
      Object.entries(eventFields).flatMap(([type, fields]) =>
        fields.map((field) => [code(type), ...row(type, field)]),
      ),
    ),
  ]).trimEnd();
}

const head = ['Node.js', 'Unit', 'Python', 'Unit', 'Series', 'Note'];

const fieldTable = (fields: readonly (readonly [string, SdkField])[]): string =>
  table(
    head,
    fields.map(([type, field]) => row(type, field)),
  );

function row(type: string, { node, python, unit, note }: SdkField): string[] {
  const series = seriesOf(type, node).map((name) => `${code(name)} (${catalogue[name]?.unit})`);
  return [
    code(node),
    units[unit].node,
    python ? code(python) : '–',
    python ? units[unit].python : '–',
    series.join(', ') || '–',
    note ?? '',
  ];
}
