import { expect, test } from 'vitest';
import { examplePriceFile, priceReference } from '../../src/monitoring/price-reference.ts';
import { builtInEntries } from '../../src/pricing/built-in-prices.ts';
import { priceFields } from '../../src/pricing/price.ts';

const rows = priceReference().split('\n');

test('every built-in price is listed with its date, source page and note', () => {
  for (const { name } of builtInEntries()) {
    expect(rows.filter((row) => row.startsWith(`| \`${name}\` |`))).toHaveLength(1);
  }
  expect(rows).toContain(
    '| `deepgram/nova-3` | 0.0048 / minute of audio | 2026-09-23 | https://deepgram.com/pricing | ' +
      'Streaming, one language, at the reduced price of that day; without the reduction, 0.0077. |',
  );
  expect(rows.find((row) => row.startsWith('| `livekit/turn-detector*`'))).toContain('| free | 2026-09-25 |');
});

test('every field of a price file is listed with its unit', () => {
  for (const name of Object.keys(priceFields)) {
    expect(rows.filter((row) => row.startsWith(`| \`${name}\` |`))).toHaveLength(1);
  }
  expect(rows).toContain('| `audio_per_minute` | minute of audio | `audio_seconds` |');
});

test('the page has an example of a price file', () => {
  expect(priceReference()).toContain(`\`\`\`yaml\n${examplePriceFile}\`\`\`\n`);
});
