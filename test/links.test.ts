import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Board {
  uid: string;
  panels: { id: number; title: string; panels?: Board['panels']; options?: { content?: string } }[];
  templating: { list: { name: string }[] };
}

const boards: Board[] = readdirSync(join(root, 'dashboards')).map((file) =>
  JSON.parse(read(join('dashboards', file))),
);
const panelsOf = ({ panels }: Board) => panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);

/** Errors of a Grafana URL: an unknown board, unknown variables or an unknown panel. */
function brokenInGrafana(url: string): string[] {
  const uid = /^\/d\/([\w-]+)/.exec(url)?.[1];
  const board = boards.find((candidate) => candidate.uid === uid);
  if (!board) return [`${url}: there is no such board`];
  const variables = board.templating.list.map(({ name }) => name);
  const set = [...url.matchAll(/[?&]var-(\w+)=/g)].map(([, name = '']) => name);
  const panel = /[?&]viewPanel=(\d+)/.exec(url)?.[1];
  return [
    ...set
      .filter((name) => !variables.includes(name))
      .map((name) => `${url}: ${uid} has no variable ${name}`),
    ...(panel === undefined || panelsOf(board).some(({ id }) => String(id) === panel)
      ? []
      : [`${url}: ${uid} has no panel ${panel}`]),
  ];
}

describe('links in Grafana', () => {
  const { groups } = parse(read('alerts/talkgauge.yml')) as {
    groups: { rules: { alert: string; annotations: Record<string, string> }[] }[];
  };
  const alerts = groups.flatMap(({ rules }) => rules);
  const inGrafana = (url = '') => url.replace('http://localhost:3000', '');

  test('in alerts lead to boards with the given variables', () => {
    const urls = alerts.map(({ annotations }) => inGrafana(annotations.dashboard_url));
    expect(urls.filter((url) => url.startsWith('/d/')).length).toBeGreaterThan(50);
    expect(urls.flatMap(brokenInGrafana)).toEqual([]);
    for (const [index, { alert, annotations }] of alerts.entries()) {
      expect(urls[index], alert).toContain(`/d/${annotations.dashboard_uid}/`);
    }
  });

  test('in alerts lead to the panel of their runbook', () => {
    for (const { alert, annotations } of alerts) {
      const url = inGrafana(annotations.runbook_url);
      expect(brokenInGrafana(url)).toEqual([]);
      const id = /viewPanel=(\d+)/.exec(url)?.[1];
      const titles = boards.flatMap((board) =>
        panelsOf(board).flatMap((panel) => (String(panel.id) === id ? [panel.title] : [])),
      );
      expect(titles).toEqual([alert]);
    }
  });

  test('in boards lead to boards with the given variables', () => {
    const urls = boards.flatMap((board) =>
      [...JSON.stringify(board).matchAll(/"url":("\/.*?[^\\]")/g)].map(
        ([, url = '""']) => JSON.parse(url) as string,
      ),
    );
    expect(urls.length).toBeGreaterThan(50);
    expect(urls.flatMap(brokenInGrafana)).toEqual([]);
  });

  test('in runbooks lead to boards and panels and not to files', () => {
    const board = boards.find(({ uid }) => uid === 'talkgauge-runbooks');
    const links = (board ? panelsOf(board) : []).flatMap(({ title, options }) =>
      linksOf(options?.content ?? '').map((link) => [title, link] as const),
    );
    const toGrafana = links.filter(([, link]) => link.startsWith('/d/'));
    expect(toGrafana.length).toBeGreaterThan(150);
    expect(
      toGrafana.flatMap(([title, link]) => brokenInGrafana(link).map((what) => `${title}: ${what}`)),
    ).toEqual([]);
    expect(links.filter(([, link]) => !/^(\/d\/|https:)/.test(link))).toEqual([]);
  });

  test('that are broken are detected', () => {
    expect(brokenInGrafana('/d/talkgauge-nothing')).toHaveLength(1);
    expect(brokenInGrafana('/d/talkgauge-runbooks?var-alert=LiveKitAgentStuck')).toHaveLength(1);
    expect(brokenInGrafana('/d/talkgauge-runbooks/runbooks?viewPanel=1')).toHaveLength(1);
    expect(brokenInGrafana('/d/talkgauge-cost/cost?var-agent=a&var-model=b')).toEqual([]);
  });
});

/** Targets of the links of a Markdown page, except in code. */
const linksOf = (markdown: string): string[] =>
  [
    ...markdown
      .replaceAll(/^( *)(```+|~~~+).*?^\1\2/gms, '')
      .replaceAll(/`[^`\n]*`/g, '')
      .matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g),
  ].map(([, target = '']) => target);

/** Anchors of a page: those that GitHub derives from headings, and explicit ones. */
function anchorsOf(markdown: string): Set<string> {
  const text = markdown.replaceAll(/^( *)(```+|~~~+).*?^\1\2/gms, '');
  const written = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id);
  const found = new Set(written);
  for (const [, heading = ''] of text.matchAll(/^#+ +(.*)$/gm)) {
    const words = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/[`*]/g, '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    let name = words;
    for (let nth = 1; found.has(name); nth++) name = `${words}-${nth}`;
    found.add(name);
  }
  return found;
}

/** Errors of a link in a page, on GitHub and in an editor. */
function brokenOnGitHub(page: string, link: string): string[] {
  if (/^(https?|mailto):/.test(link)) return [];
  if (link.startsWith('/')) return [`${page}: ${link} leads out of the repository`];
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? page : relative(root, join(root, dirname(page), path));
  if (!existsSync(join(root, file))) return [`${page}: there is no ${file}`];
  if (anchor === undefined || !file.endsWith('.md') || anchorsOf(read(file)).has(anchor)) return [];
  return [`${page}: ${file} has no #${anchor}`];
}

describe('links on GitHub', () => {
  const pages = [
    ...readdirSync(root).filter((file) => file.endsWith('.md')),
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => join('docs', file)),
    'examples/README.md',
    'secrets/README.md',
  ];

  test('in all pages lead to existing files and anchors', () => {
    const links = pages.flatMap((page) => linksOf(read(page)).map((link) => [page, link] as const));
    expect(pages).toContain('docs/runbooks/LiveKitAgentStuck.md');
    expect(links.length).toBeGreaterThan(200);
    expect(links.flatMap(([page, link]) => brokenOnGitHub(page, link))).toEqual([]);
  });

  test('each board has an anchor in docs/boards.md', () => {
    const places = anchorsOf(read('docs/boards.md'));
    const names = boards.map(({ uid }) => uid.replace('talkgauge-', ''));
    expect(names.filter((name) => !places.has(name))).toEqual([]);
  });

  test('that are broken are detected', () => {
    expect(linksOf('`[a](b.md)` and [c](d.md#e)\n\n```md\n[f](g.md)\n```\n')).toEqual(['d.md#e']);
    expect([...anchorsOf('# The `gateway`: a page\n## Do\n## Do\n<a id="x"></a>')]).toEqual([
      'x',
      'the-gateway-a-page',
      'do',
      'do-1',
    ]);
    expect(brokenOnGitHub('docs/runbooks/LiveKitAgentStuck.md', '/d/talkgauge-fleet')).toHaveLength(1);
    expect(brokenOnGitHub('docs/runbooks/LiveKitAgentStuck.md', '../boards.md#nothing')).toHaveLength(1);
    expect(brokenOnGitHub('docs/boards.md', 'nothing.md')).toHaveLength(1);
    expect(brokenOnGitHub('docs/runbooks/LiveKitAgentStuck.md', '../boards.md#fleet')).toEqual([]);
  });
});
