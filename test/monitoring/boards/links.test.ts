import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const folder = join(import.meta.dirname, '../../../dashboards');

interface Board {
  uid: string;
  panels: { title: string; panels?: Board['panels'] }[];
  templating: { list: { name: string }[] };
}
const boards = readdirSync(folder).map((file): Board => JSON.parse(readFileSync(join(folder, file), 'utf8')));

/** All links to other boards, in panels and table cells. */
const links = boards.flatMap(({ uid, panels }) =>
  panels
    .flatMap((panel) => [panel, ...(panel.panels ?? [])])
    .flatMap((panel) => {
      const urls = JSON.stringify(panel).matchAll(/"url":"(\/d\/.*?[^\\])"/g);
      return [...urls].map(([, url]) => ({
        from: `${uid}: ${panel.title}`,
        url: JSON.parse(`"${url}"`) as string,
      }));
    }),
);
const linksTo = (uid: string) => links.filter(({ url }) => url.startsWith(`/d/${uid}?`));

// All boards forward these variables, even boards without them.
const filters = ['datasource', 'agent', 'version', 'provider', 'model'];

test('a link sets only variables of its target board, and common filters', () => {
  const lacking = links.flatMap(({ from, url }) => {
    const target = boards.find(({ uid }) => url.match(/^\/d\/([\w-]+)/)?.[1] === uid);
    const known = [...filters, ...(target?.templating.list.map(({ name }) => name) ?? [])];
    const set = [...url.matchAll(/var-(\w+)=/g)].map(([, name = '']) => name);
    return set.filter((name) => !known.includes(name)).map((name) => `${from}: ${name} of ${url}`);
  });
  expect(lacking).toEqual([]);
  expect(links.length).toBeGreaterThan(50);
});

describe('a link to a call', () => {
  const toCalls = linksTo('talkgauge-session');

  test('is in each table of calls, with time range, data sources, job and trace', () => {
    expect(new Set(toCalls.map(({ from }) => from))).toEqual(
      new Set([
        'talkgauge-session: The call',
        'talkgauge-session: Traces of this job',
        'talkgauge-sessions: Calls',
        'talkgauge-sessions: Slowest turns',
        'talkgauge-sessions: What went wrong',
        'talkgauge-sessions: What was said',
        'talkgauge-sessions: Calls that began',
        'talkgauge-sessions: Traces with slow turns',
        'talkgauge-sessions: Traces with failed tools',
      ]),
    );
    const needed = [
      '${__url_time_range}',
      '${logs:queryparam}',
      '${traces:queryparam}',
      'var-job_id=',
      'var-trace_id=',
    ];
    expect(toCalls.filter(({ url }) => !needed.every((part) => url.includes(part)))).toEqual([]);
  });

  test('keeps the job if it is for a trace of a known job', () => {
    const [link] = toCalls.filter(({ from }) => from.endsWith('Traces of this job'));
    expect(link?.url).toMatch(/&var-job_id=\$\{job_id\}&var-trace_id=\$\{__value\.raw\}$/);
  });

  test('in a log line about a call sets both the job and the trace', () => {
    const [link] = toCalls.filter(({ from }) => from.endsWith('The call'));
    expect(link?.url).toMatch(
      /&var-job_id=\$\{__data\.fields\["Job"\]\}&var-trace_id=\$\{__data\.fields\["Trace"\]\}$/,
    );
  });
});

test('the worst turns and errors on other boards link to their calls', () => {
  expect(linksTo('talkgauge-sessions').map(({ from }) => from)).toEqual(
    expect.arrayContaining([
      'talkgauge-latency: Turn latency',
      'talkgauge-latency: Slowest first',
      'talkgauge-models: Failed requests by provider',
      'talkgauge-realtime: Errors of realtime models',
      'talkgauge-tools: Failed calls by tool',
    ]),
  );
});
