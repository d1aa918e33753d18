import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  copyOfStack,
  createProject,
  missingRequirements,
  omittedServices,
  type Project,
} from './compose-project.ts';
import { buildImage, removeImage, skipSuffix } from './engine.ts';
import { root } from './repository.ts';
import {
  arrived,
  type Call,
  dataOf,
  readStoredData,
  rereadStoredData,
  type StackData,
  type StoredData,
  scraped,
} from './stack-data.ts';

const git = (...args: readonly string[]): string =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

/** The revision to upgrade from: TALKGAUGE_PREVIOUS, else the last release, else the previous commit. */
function previousRevision(): string | undefined {
  const given = process.env.TALKGAUGE_PREVIOUS;
  // A revision in the variable that does not exist is an error rather than a reason to skip.
  if (given) return git('rev-parse', '--verify', `${given}^{commit}`);
  for (const find of [
    ['describe', '--tags', '--abbrev=0', 'HEAD^'],
    ['rev-parse', '--verify', 'HEAD^'],
  ]) {
    try {
      return git('rev-parse', `${git(...find)}^{commit}`);
    } catch {
      // A shallow clone has neither tags nor earlier commits.
    }
  }
  return undefined;
}

const previous = previousRevision();
const without = [...missingRequirements, ...(previous ? [] : ['no earlier commit in this clone'])];

/** Writes the files of a commit to a folder. */
function extract(revision: string, folder: string): void {
  const archive = execFileSync('git', ['archive', revision], { cwd: root, maxBuffer: 1024 ** 3 });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
}

describe.skipIf(without.length > 0)(
  `an upgrade from ${previous?.slice(0, 10)}${skipSuffix(without)}${omittedServices}`,
  () => {
    const images: string[] = [];
    let project: Project;
    let data: StackData;
    let call: Call;
    let before: StoredData;
    let until: number;

    const build = async (folder?: string) => {
      const image = await buildImage(folder);
      images.push(image);
      return image;
    };

    beforeAll(async () => {
      const folder = mkdtempSync(join(tmpdir(), 'talkgauge-previous-'));
      extract(previous as string, folder);
      const old = await build(folder);
      rmSync(folder, { recursive: true });
      project = await createProject(old, (into) => extract(previous as string, into));
      await project.up();
      data = dataOf(project);
      await data.silence();
      call = await data.newCall();
      await arrived(data, call);
      until = scraped();
      before = await readStoredData(data, call, until);
    });
    afterAll(async () => {
      await project?.remove();
      for (const image of images) await removeImage(image);
    });

    test('keeps sessions, metrics, traces, logs and silences, and accepts new calls', async () => {
      // As in docs/stack.md: new files, then `up` with a new image.
      const next = await build();
      copyOfStack(project.folder);
      project.use(next);
      await project.up();
      expect(new Set(Object.values(await project.health()))).toEqual(new Set(['healthy']));
      const identity = ({ session, ...others }: StoredData) => ({
        ...others,
        session: (session as { id: string }).id,
      });
      const after = async () => identity(await rereadStoredData(data, before, call, until));
      await expect.poll(after, { timeout: 120_000, interval: 1000 }).toEqual(identity(before));
      const sound = await data.read(`/api/sessions/${call.id}/audio`);
      expect(sound.status).toBe(200);
      await data.newCall(await data.completed());
    });
  },
);
