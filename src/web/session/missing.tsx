import type { Detail } from '../api.ts';

const names: Readonly<Record<string, string>> = {
  transcript: 'No transcript',
  trace: 'No trace',
  logs: 'No logs',
  report: 'No report',
  text: 'No words',
  latency: 'No latency',
  cost: 'No cost',
  price: 'No price',
};

/** What is not there, and why. */
export function Missing({ missing }: { missing: Detail['missing'] }) {
  // Why there is no recording is said where it would be played.
  const told = Object.entries(missing).filter(([what]) => what !== 'audio');
  if (told.length === 0) return null;
  return (
    <ul class="missing">
      {told.map(([what, why]) => (
        <li key={what}>
          <strong>{names[what] ?? `No ${what}`}.</strong> {why}
        </li>
      ))}
    </ul>
  );
}
