// What Grafana asks Prometheus for a board: which queries, and at how many points.
import { seconds } from './plan.mjs';

/** Pixels across a board on a screen of 1,920, without the menu. */
const screen = 1860;

/** Grafana's steps: each with the interval from which on the next one is taken, in seconds. */
const rounded = [
  [15, 15],
  [30, 22.5],
  [60, 45],
  [120, 90],
  [300, 210],
  [600, 450],
  [900, 750],
  [1200, 1050],
  [1800, 1500],
  [3600, 2700],
  [7200, 5400],
  [10_800, 9000],
  [21_600, 16_200],
  [43_200, 32_400],
  [86_400, 64_800],
];

/** The step that Grafana takes of a panel over a range. */
export function stepOf({ maxDataPoints, gridPos, interval = '15s' }, range) {
  const points = maxDataPoints ?? Math.round((screen * (gridPos?.w ?? 24)) / 24);
  const [step] = rounded.findLast(([, from]) => range / points >= from) ?? rounded[0];
  return Math.max(step, seconds(interval));
}

/** Points that Prometheus answers at most, for which Grafana raises the step of annotations. */
const mostPoints = 11_000;

/** The queries of a board for the last `range` seconds, with all filters on All. */
export function queriesOf(board, range) {
  const panels = board.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  const asked = panels.flatMap((panel) =>
    (panel.targets ?? [])
      .filter(({ datasource }) => datasource?.type === 'prometheus')
      .map(({ expr, instant = false }) =>
        query(panel.title, expr, instant ? undefined : stepOf(panel, range)),
      ),
  );
  const marks = (board.annotations?.list ?? [])
    .filter(({ enable, expr }) => enable && expr)
    .map(({ name, expr, step }) =>
      query(`${name} (annotation)`, expr, Math.max(seconds(step), Math.ceil(range / mostPoints))),
    );
  return [...asked, ...marks];

  function query(panel, expr, step) {
    return {
      panel,
      expr: interpolated(board, expr, range, step ?? range),
      step,
      steps: step === undefined ? 1 : Math.floor(range / step) + 1,
    };
  }
}

/** Puts in what Grafana puts in place of its variables. */
function interpolated(board, expr, range, step) {
  const { value, text } = windowOf(board, range);
  return (
    expr
      .replaceAll('$__rate_interval', `${step + 15}s`)
      .replaceAll('$__interval', `${step}s`)
      .replaceAll('$__range_s', `${range}`)
      .replaceAll('$__range', `${range}s`)
      .replaceAll(`$\{window:text}`, text)
      .replaceAll('$window', value)
      // The filter of workers is on All, too.
      .replaceAll('$level', 'agent')
      .replaceAll(/\$\{?\w+(?::\w+)?\}?/g, '.*')
  );
}

/** What the hidden variable answers that chooses recorded series by the time range. */
function windowOf({ templating }, range) {
  const { definition } = templating.list.find(({ name }) => name === 'window') ?? {};
  if (!definition) return { value: '', text: '' };
  const [short, long] = [...definition.matchAll(/vector\((\d+)\).*?"window", "(\w+)"/g)].map(
    ([, text, value]) => ({ text, value }),
  );
  return range < Number(/\$__range_s\) < (\d+)/.exec(definition)[1]) ? short : long;
}
