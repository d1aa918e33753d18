import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  checkFolder,
  type Entry,
  makeFolder,
  makeFolderNow,
  moveRecording,
  unsafeReason,
  writeReport,
} from '../../../src/agent/reports/folder.ts';
import { Journal } from '../../../src/agent/reports/journal.ts';

/** A directory writable by every user, like the system's temporary directory. */
let shared: string;
beforeEach(() => {
  shared = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
  chmodSync(shared, 0o1777);
});
afterEach(() => rmSync(shared, { recursive: true }));

describe('the owners and modes of a path', () => {
  const entry = (path: string, uid: number, mode: number, link = false): Entry => ({
    ...{ path, uid, mode },
    isSymbolicLink: () => link,
  });
  const root = entry('/', 0, 0o755);
  const tmp = entry('/tmp', 0, 0o1777);
  const reports = (uid: number, mode: number, link?: boolean) => entry('/tmp/reports', uid, mode, link);
  test.each<[string, Entry[], string | undefined]>([
    ["the user's own folder in /tmp", [root, tmp, reports(1000, 0o700)], undefined],
    ['a folder readable by others', [root, tmp, reports(1000, 0o755)], undefined],
    [
      "another user's folder in /tmp",
      [root, tmp, reports(1001, 0o700)],
      '/tmp/reports belongs to user 1001, and not to 1000, in /tmp, where anyone may make files',
    ],
    [
      "root's folder in /tmp",
      [root, tmp, reports(0, 0o700)],
      '/tmp/reports belongs to user 0, and not to 1000, in /tmp',
    ],
    [
      'a folder in /tmp writable by others',
      [root, tmp, reports(1000, 0o777)],
      '/tmp/reports can be written by others (mode 777) in /tmp',
    ],
    [
      'a folder in /tmp writable by its group',
      [root, tmp, reports(1000, 0o770)],
      '/tmp/reports can be written by others (mode 770) in /tmp',
    ],
    ['a link in /tmp', [root, tmp, reports(1000, 0o777, true)], '/tmp/reports is a symbolic link in /tmp'],
    [
      "a folder inside another user's folder in /tmp",
      [root, tmp, reports(1001, 0o755), entry('/tmp/reports/calls', 1000, 0o700)],
      '/tmp/reports belongs to user 1001, and not to 1000, in /tmp',
    ],
    [
      "a folder inside root's folder in /tmp",
      [root, tmp, reports(0, 0o755), entry('/tmp/reports/calls', 1000, 0o700)],
      undefined,
    ],
    ['a volume of root that is writable by all', [root, entry('/reports', 0, 0o777)], undefined],
    ['a volume of another user', [root, entry('/reports', 1001, 0o2775)], undefined],
    ['a link of root', [root, entry('/reports', 0, 0o777, true)], undefined],
  ])('%s', (_, path, refusal) => {
    if (refusal === undefined) expect(unsafeReason(path, 1000)).toBeUndefined();
    else {
      expect(unsafeReason(path, 1000)).toContain(refusal);
      expect(unsafeReason(path, 1000)).toMatch(
        /; remove it, or name a folder of this user's own by TALKGAUGE_REPORTS \(with a bucket: TALKGAUGE_REPORTS_SPOOL\)$/,
      );
    }
  });
});

test('a missing folder is created for this user only', async () => {
  const folder = join(shared, 'a', 'b');
  await makeFolder(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  makeFolderNow(join(shared, 'c'));
  expect(statSync(join(shared, 'c')).mode & 0o777).toBe(0o700);
  await expect(checkFolder(join(shared, 'd'))).rejects.toMatchObject({ code: 'ENOENT' });
});

describe.each([
  [
    'that is writable by others',
    (folder: string) => {
      mkdirSync(folder);
      chmodSync(folder, 0o777);
    },
  ],
  [
    'that is a link to another',
    (folder: string) => {
      mkdirSync(`${folder}-target`, { mode: 0o700 });
      symlinkSync(`${folder}-target`, folder);
    },
  ],
])('a folder in a shared directory %s', (_, make) => {
  const folder = () => join(shared, 'reports');
  beforeEach(() => make(folder()));
  const isPresent = (name: string) => existsSync(join(folder(), name));

  test('receives no report, no journal and no recording', async () => {
    await expect(writeReport(folder(), 'stem', {} as never)).rejects.toThrow('where anyone may make files');
    expect(isPresent('stem.json')).toBe(false);
    expect(() => new Journal(folder(), 'stem', {})).toThrow('where anyone may make files');
    expect(isPresent('stem.journal')).toBe(false);
    const recording = join(shared, 'audio.ogg');
    writeFileSync(recording, 'sound');
    const { signal } = new AbortController();
    await expect(moveRecording(recording, folder(), 'stem', signal)).rejects.toThrow(
      'where anyone may make files',
    );
    expect(isPresent('stem.ogg')).toBe(false);
  });
});
