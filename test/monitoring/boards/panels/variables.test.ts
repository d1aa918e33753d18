import { expect, test } from 'vitest';
import { variables } from '../../../../src/monitoring/boards/panels/variables.ts';
import { settingsOf } from '../../../../src/monitoring/settings.ts';

test.each([
  ["with Grafana's default", undefined, 'default'],
  ['with the one that is named', 'mimir', 'mimir'],
])('of several data sources a board begins %s', (_, datasource, chosen) => {
  const [source] = variables([], settingsOf('standard', { datasource }));
  expect(source?.build()).toMatchObject({
    name: 'datasource',
    query: 'prometheus',
    current: { text: chosen, value: chosen },
  });
});
