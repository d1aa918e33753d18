import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { artefacts, drift, write } from '../../src/monitoring/artefacts.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'artefacts-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const page = { path: 'docs/page.md', content: 'one\ntwo\nthree\n' };

test('the committed files are up to date', () => {
  expect(drift(artefacts(), join(import.meta.dirname, '../..'))).toEqual([]);
});

test('generated files are deterministic', () => {
  expect(artefacts()).toEqual(artefacts());
  const folders = new Set(artefacts().map(({ path }) => path.split('/')[0]));
  expect([...folders].sort()).toEqual(['alerts', 'dashboards', 'docs', 'prometheus']);
});

test('writing creates folders, and leaves no drift', () => {
  expect(drift([page], root)).toEqual(['docs/page.md is missing']);
  expect(write([page], root)).toEqual(['docs/page.md']);
  expect(readFileSync(join(root, 'docs/page.md'), 'utf8')).toBe('one\ntwo\nthree\n');
  expect(drift([page], root)).toEqual([]);
});

test('a file that is up to date is not rewritten', () => {
  write([page], root);
  const file = join(root, 'docs/page.md');
  utimesSync(file, 1, 1);
  expect(write([page], root)).toEqual([]);
  expect(statSync(file).mtimeMs).toBe(1000);
});

test.each([
  ['a changed line', 'one\n2\nthree\n', '@@ docs/page.md:2 @@\n-2\n+two'],
  ['a missing end', 'one\ntwo', '@@ docs/page.md:3 @@\n+three'],
  ['more at the end', 'one\ntwo\nthree\n\nfour\n', '@@ docs/page.md:5 @@\n-four'],
  ['other line ends', 'one\r\ntwo\r\nthree\r\n', '@@ docs/page.md:1 @@\n-one\r\n+one'],
])('%s is reported with file, line and both texts', (_, present, report) => {
  write([page], root);
  writeFileSync(join(root, 'docs/page.md'), present);
  expect(drift([page], root)).toEqual([`docs/page.md is out of date\n${report}`]);
});
