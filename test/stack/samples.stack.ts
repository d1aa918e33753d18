import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { compared } from '../../bench/samples/fixture.mjs';
import { gateway } from '../../src/catalogue/gateway.ts';
import { catalogue } from '../../src/catalogue/metrics.ts';
import { find } from './servers.mjs';

const root = join(import.meta.dirname, '../..');
test('Prometheus counts as many samples for each board as the model of the limit', async () => {
  if (!find('prometheus') || !find('promtool')) {
    throw new Error('Prometheus is missing: install it, or set PROMETHEUS and PROMTOOL to the commands');
  }
  const boards = readdirSync(join(root, 'dashboards')).map((file) => ({
    name: file,
    board: JSON.parse(readFileSync(join(root, 'dashboards', file), 'utf8')),
  }));
  const { groups } = parse(readFileSync(join(root, 'prometheus/rules/talkgauge.yml'), 'utf8'));
  const found = await compared({ catalogue, gateway }, { boards, groups }, 3 * 3600);
  expect(found.filter(({ counted }) => counted > 10_000).length).toBeGreaterThan(8);
  expect(found.filter(({ off }) => !(off < 0.05))).toEqual([]);
});
