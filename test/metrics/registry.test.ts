import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { catalogue } from '../../src/catalogue/metrics.ts';
import { registerCatalogue } from '../../src/metrics/registry.ts';

test('every series of the catalogue is registered under its name, with its type, help and labels', () => {
  const registry = new Registry();
  const registered = registerCatalogue(catalogue, registry);
  expect([...registered.keys()]).toEqual(Object.keys(catalogue));
  const spec = catalogue.lk_agents_llm_ttft_seconds!;
  const metric = registry.getSingleMetric('lk_agents_llm_ttft_seconds');
  expect(metric).toMatchObject({
    name: 'lk_agents_llm_ttft_seconds',
    help: spec.help,
    type: 'histogram',
    labelNames: ['agent_name', 'agent_version', 'model_provider', 'model_name'],
    upperBounds: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10, 15, 30],
  });
  expect(registered.get('lk_agents_llm_ttft_seconds')).toBe(metric);
});
