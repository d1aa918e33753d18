import type { gateway } from '../../catalogue/gateway.ts';
import { type Matchers, matchers, selector, type targetLabels } from './series.ts';

type Specs = typeof gateway;
type Name = keyof Specs;
type OfType<T extends string> = { [N in Name]: Specs[N]['type'] extends T ? N : never }[Name];
type LabelOf<N extends Name> = (keyof Specs[N]['labels'] & string) | (typeof targetLabels)[number];

interface QueryOptions<N extends Name> {
  /** What remains of the labels. @default none, all is one */
  by?: readonly LabelOf<N>[];
  /** Values of a label, any of which it must have. @default whatever they are */
  where?: {
    readonly [L in keyof Specs[N]['labels']]?: Specs[N]['labels'][L] extends readonly (infer V)[]
      ? readonly V[]
      : never;
  };
  /** As a Prometheus duration. @default Grafana's, for what it draws */
  window?: string;
}

/**
 * PromQL over the gateway's self-monitoring series. They belong to no agent, and the gateway is a separate target: neither
 * the filters of a board nor the user's selector, which is for agents, apply to them. No rule records them.
 */
export const gatewayQueries = {
  /** Events per second. */
  rate: <N extends OfType<'counter'>>(
    name: N,
    { window = '$__rate_interval', ...about }: QueryOptions<N>,
  ): string => `${sum(about.by)}(rate(${series(name, about.where as Values)}[${window}]))`,

  /** Events in the window. */
  increase: <N extends OfType<'counter'>>(name: N, about: QueryOptions<N> & { window: string }): string =>
    `${sum(about.by)}(increase(${series(name, about.where as Values)}[${about.window}]))`,

  /** A gauge, summed up over gateways. */
  gauge: <N extends OfType<'gauge'>>(name: N, { by }: Pick<QueryOptions<N>, 'by'> = {}): string =>
    `${sum(by)}(${name})`,
};

/** Values of labels, for code that goes over any of them. */
type Values = Readonly<Record<string, readonly string[]>> | undefined;

const sum = (by: readonly string[] = []): string => (by.length === 0 ? 'sum' : `sum by (${by.join(', ')}) `);

function series(name: Name, where: Values = {}): string {
  const each: Matchers = Object.fromEntries(
    Object.entries(where).map(([label, values]) => {
      const [only, ...others] = values;
      return [label, only !== undefined && others.length === 0 ? only : { re: values.join('|') }];
    }),
  );
  return selector(name, matchers(each));
}
