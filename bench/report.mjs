export const micro = (value) => `${value.toFixed(2)} µs`;
export const ms = (value) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
export const percent = (value) => `${(100 * value).toFixed(1)} %`;
export const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MB`;

const ratio = (value) => `${value.toFixed(2)} ×`;

/** A goal that is met when `measured` is at most `limit`. */
export const atMost = (name, measured, limit, unit = ratio) => ({
  name,
  measured: unit(measured),
  limit: `≤ ${unit(limit)}`,
  met: measured <= limit,
});

/** A goal that is met when `measured` is at least `limit`. */
export const atLeast = (name, measured, limit, unit = ratio) => ({
  name,
  measured: unit(measured),
  limit: `≥ ${unit(limit)}`,
  met: measured >= limit,
});

/** Columns of text, the first to the left, the others to the right. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const pad = (cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]));
  return rows.map((row) => `  ${row.map(pad).join('   ')}`.trimEnd()).join('\n');
}

/** What a benchmark found, in full. */
export function details(title, { columns, rows, notes, checks }) {
  return [
    `\n${title}`,
    table([columns, ...rows]),
    ...notes.map((note) => `  ${note}`),
    ...checks.map(([check, holds]) => `  ${holds ? 'holds' : 'DOES NOT HOLD'}: ${check}`),
  ].join('\n');
}

/** One line per goal. */
export const summary = (goals) =>
  table([
    ['goal', 'measured', 'limit', ''],
    ...goals.map(({ name, measured, limit, met }) => [name, measured, limit, met ? 'met' : 'not met']),
  ]);
