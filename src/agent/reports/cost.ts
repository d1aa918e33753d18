import type { BillableUnit, billedComponents } from '../../catalogue/labels.ts';
import type { Derivation, Observation } from '../../catalogue/observation.ts';
import type { SessionReport } from './schema.ts';

type Component = (typeof billedComponents)[number];

/** What a session used that is billed, added up from its observations. */
export class BilledUsage {
  readonly #amounts = new Map<string, { labels: Readonly<Record<string, string>>; amount: number }>();

  add({ metric, labels, value }: Observation): void {
    if (metric !== 'lk_agents_billable_usage_total') return;
    const key = JSON.stringify(labels);
    const known = this.#amounts.get(key);
    if (known) known.amount += value;
    else this.#amounts.set(key, { labels, amount: value });
  }

  /** What it costs, priced as the cost series are. */
  cost(derivation: Derivation): SessionReport['cost'] {
    const byComponent: Record<string, number> = {};
    const unpriced: SessionReport['cost']['unpriced'] = [];
    for (const { labels, amount } of this.#amounts.values()) {
      const component = labels.component as Component;
      for (const { metric, factor } of derivation.of(labels)) {
        if (metric === 'lk_agents_cost_usd_total') {
          byComponent[component] = (byComponent[component] ?? 0) + amount * factor;
        } else {
          const { model_provider: provider = '', model_name: model = '' } = labels;
          unpriced.push({ component, provider, model, unit: labels.unit as BillableUnit, amount });
        }
      }
    }
    const usd = Object.values(byComponent).reduce((sum, dollars) => sum + dollars, 0);
    // Usage without a price is not free: of nothing else, no cost is known.
    return { ...((usd > 0 || unpriced.length === 0) && { usd }), byComponent, unpriced };
  }
}
