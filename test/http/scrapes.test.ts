import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createScrapes, type Format } from '../../src/http/scrapes.ts';

/** An `expose` that answers when told to. */
function manual() {
  const calls: { format: Format; answer: (text: string) => void; fail: (error: Error) => void }[] = [];
  const expose = (format: Format) =>
    new Promise<string>((answer, fail) => {
      calls.push({ format, answer, fail });
    });
  return { calls, expose };
}

describe('scrapes at the same time', () => {
  test('of one format and coding share one build and one compression', async () => {
    const { calls, expose } = manual();
    const scrapes = createScrapes(expose, 5_000);
    const bodies = [1, 2, 3].map(() => scrapes.body('text', true));
    calls[0]?.answer('up 1\n');
    const [first, second, third] = await Promise.all(bodies);
    expect(calls).toHaveLength(1);
    expect(second).toBe(first);
    expect(third).toBe(first);
    expect(gunzipSync(first as Buffer).toString()).toBe('up 1\n');
  });

  test('of one format share the build when only one of them is compressed', async () => {
    const { calls, expose } = manual();
    const scrapes = createScrapes(expose, 5_000);
    const [compressed, plain] = [scrapes.body('text', true), scrapes.body('text', false)];
    calls[0]?.answer('up 1\n');
    expect((await plain).toString()).toBe('up 1\n');
    expect(gunzipSync(await compressed).toString()).toBe('up 1\n');
    expect(calls).toHaveLength(1);
  });

  test('of different formats do not', async () => {
    const { calls, expose } = manual();
    const scrapes = createScrapes(expose, 5_000);
    const bodies = [scrapes.body('text', false), scrapes.body('openmetrics', false)];
    for (const { format, answer } of calls) answer(format);
    expect((await Promise.all(bodies)).map(String)).toEqual(['text', 'openmetrics']);
  });
});

test('a later scrape is built anew', async () => {
  let builds = 0;
  const scrapes = createScrapes(async () => `build ${++builds}`, 5_000);
  expect((await scrapes.body('text', false)).toString()).toBe('build 1');
  expect((await scrapes.body('text', false)).toString()).toBe('build 2');
  expect(gunzipSync(await scrapes.body('text', true)).toString()).toBe('build 3');
});

test('a failed build fails those who shared it, and not the next', async () => {
  const { calls, expose } = manual();
  const scrapes = createScrapes(expose, 5_000);
  const bodies = [scrapes.body('text', true), scrapes.body('text', true)];
  calls[0]?.fail(new Error('broken collector'));
  for (const body of bodies) await expect(body).rejects.toThrow('broken collector');
  const next = scrapes.body('text', false);
  calls[1]?.answer('up 1\n');
  expect((await next).toString()).toBe('up 1\n');
});

test('a build that hangs is given up, so that the next scrape gets its own', async () => {
  const { calls, expose } = manual();
  const scrapes = createScrapes(expose, 20);
  await expect(scrapes.body('text', false)).rejects.toThrow('not built within 20 ms');
  const next = scrapes.body('text', false);
  calls[1]?.answer('up 1\n');
  expect((await next).toString()).toBe('up 1\n');
});
