import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  conversationRecords,
  measuredAttributes,
  segmentAttributes,
} from '../../src/catalogue/conversation.ts';
import { segments } from '../../src/catalogue/labels.ts';

const documentation = readFileSync(join(import.meta.dirname, '../../docs/telemetry.md'), 'utf8');

test('docs/telemetry.md lists exactly the records and their attributes', () => {
  const rows = [...documentation.matchAll(/^\| `(lk\.\w+)` \|[^|]*\|(.*)\|$/gm)];
  const shared = new Set<string>([...measuredAttributes, ...segmentAttributes]);
  expect(
    Object.fromEntries(rows.map(([, name = '', cell = '']) => [name, cell.match(/(?<=`)lk\.[\w.]+/g) ?? []])),
  ).toEqual(
    Object.fromEntries(
      Object.entries(conversationRecords).map(([name, attributes]) => [
        name,
        attributes.filter((attribute) => !shared.has(attribute)),
      ]),
    ),
  );
  expect([...shared].filter((attribute) => !documentation.includes(`\`${attribute}\``))).toEqual([]);
});

test('the segments of a turn record match the labels of its series', () => {
  expect(segmentAttributes.map((name) => name.replace('lk.segment.', '')).toSorted()).toEqual(
    segments.toSorted(),
  );
});
