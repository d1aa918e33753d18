import { api, type Report as ReportData, useRequest } from '../api.ts';
import { formatAmount } from '../formats.ts';
import { Failure, Notice } from '../notices.tsx';

type Usage = NonNullable<ReportData['report']>['usage'];

/** The SDK's final report: the usage, and the raw report. */
export function Report({ id, version, missing }: { id: string; version: number; missing?: string }) {
  const { value, error, reload } = useRequest((signal) => api.report(id, signal), [id, version]);
  if (error) return <Failure what="The report could not be loaded" error={error} retry={reload} small />;
  if (!value) return <Notice title="Loading …" />;
  const { report, evaluations } = value;
  if (!report && evaluations.length === 0) {
    return (
      <Notice title="No report">
        <p class="quiet">{missing}</p>
      </Notice>
    );
  }
  // The usage of a fallback adapter is included in the entries of its models.
  const usage = report?.usage.filter(({ repeated }) => !repeated) ?? [];
  const raw = JSON.stringify(value, undefined, 2);
  return (
    <div class="report">
      {usage.length > 0 && <UsageTable usage={usage} />}
      <section>
        <h2>Raw report</h2>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be reachable by keyboard */}
        <pre class="raw" tabIndex={0}>
          {raw}
        </pre>
      </section>
    </div>
  );
}

function UsageTable({ usage }: { usage: Usage }) {
  return (
    <section>
      <h2>Usage</h2>
      <table class="usage">
        <thead>
          <tr>
            <th scope="col">Component</th>
            <th scope="col">Model</th>
            <th scope="col">Amounts</th>
          </tr>
        </thead>
        <tbody>
          {usage.map(({ component, provider, model, amounts }) => (
            <tr key={`${component} ${provider} ${model}`}>
              <td>{component}</td>
              <td>
                {provider} {model}
              </td>
              <td>
                {Object.entries(amounts)
                  .map(([name, amount]) => formatAmount(name, amount))
                  .join(', ')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
