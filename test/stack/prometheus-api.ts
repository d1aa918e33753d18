/** A series of a response: its labels, and its values by unix seconds. */
export interface Series {
  metric: Readonly<Record<string, string>>;
  values: readonly (readonly [at: number, value: number])[];
}

interface Answer {
  status: string;
  error?: string;
  data: {
    result: { metric: Record<string, string>; values?: [number, string][]; value?: [number, string] }[];
  };
}

/** A client of the Prometheus API. @throws {Error} with the error message if Prometheus refuses a query */
export function prometheusApi(url: string) {
  async function ask(path: string, parameters: Record<string, string>): Promise<Series[]> {
    const response = await fetch(`${url}/api/v1/${path}`, {
      method: 'POST',
      body: new URLSearchParams(parameters),
    });
    const answer = (await response.json()) as Answer;
    if (answer.status !== 'success') throw new Error(`${answer.error}: ${parameters.query}`);
    return answer.data.result.map(({ metric, values, value }) => ({
      metric,
      values: (values ?? (value ? [value] : [])).map(([at, text]) => [at, Number(text)] as const),
    }));
  }
  return {
    /** An instant query. */
    at: (query: string, time: number) => ask('query', { query, time: `${time}` }),
    /** A range query. */
    over: (query: string, { start, end, step }: { start: number; end: number; step: number }) =>
      ask('query_range', { query, start: `${start}`, end: `${end}`, step: `${step}` }),
  };
}
