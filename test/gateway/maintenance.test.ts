import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { archive } from '../../src/gateway/maintenance.ts';
import { newFolder, type Running, startTestGateway } from './running.ts';
import { type Bucket, listenBucket } from './store/bucket.ts';
import { capturedOf, one } from './uploads.ts';

/** A time at which the uploaded sessions have ended. */
const later = () => Date.now() / 1000 + 600;

async function archived(): Promise<{ gateway: Running; bucket: Bucket; directory: string }> {
  const bucket = await listenBucket();
  const directory = newFolder();
  const gateway = await startTestGateway({ objects: bucket.options, directory });
  await gateway.take(capturedOf('flush'));
  expect(await archive(gateway.store, later())).toEqual({ ok: 1, failed: 0 });
  return { gateway, bucket, directory };
}

const responsesOf = async (gateway: Running) => {
  const at = (path: string) => gateway.json(`/api/sessions/AJ_flush${path}`);
  const audio = await (await fetch(`${gateway.url}/api/sessions/AJ_flush/audio`)).arrayBuffer();
  return [
    await at('/transcript'),
    await at('/trace'),
    await at('/logs'),
    await at('/report'),
    Buffer.from(audio),
  ];
};

test('an ended session moves to the bucket, and its API responses do not change', async () => {
  const bucket = await listenBucket();
  const gateway = await startTestGateway({ objects: bucket.options });
  await gateway.take(capturedOf('flush'));
  const before = await responsesOf(gateway);
  const { bytes } = await gateway.json('/api/sessions/AJ_flush');

  expect(await archive(gateway.store, Date.now() / 1000)).toEqual({ ok: 0, failed: 0 });
  expect(await archive(gateway.store, later())).toEqual({ ok: 1, failed: 0 });
  expect([...bucket.objects.keys()].sort()).toEqual(
    [
      'audio.ogg',
      'logs.jsonl',
      'outline.jsonl',
      'report.json',
      'session.json',
      'spans.jsonl',
      'transcript.json',
    ].map((name) => `talkgauge/sessions/AJ_flush/${name}`),
  );
  expect(readdirSync(join(gateway.directory, 'sessions/AJ_flush'))).toEqual(['session.json']);
  expect(await responsesOf(gateway)).toEqual(before);
  const after = await gateway.json('/api/sessions/AJ_flush');
  expect(after.archived).toBe(true);
  // The size in the bucket counts, too.
  expect(after.bytes).toBeGreaterThanOrEqual(bytes);
});

test.each([
  ['bytes=0-3', 206, 'bytes 0-3/90065', 4],
  ['bytes=-10', 206, 'bytes 90055-90064/90065', 10],
  ['bytes=99999-', 416, null, 0],
])('audio in the bucket is read in parts: %s', async (range, status, contentRange, length) => {
  const { gateway } = await archived();
  const response = await fetch(`${gateway.url}/api/sessions/AJ_flush/audio`, { headers: { range } });
  expect([response.status, response.headers.get('content-range')]).toEqual([status, contentRange]);
  expect((await response.arrayBuffer()).byteLength).toBe(length);
});

test('a late upload restores the session from the bucket, and its object is removed', async () => {
  const { gateway, bucket } = await archived();
  const before = await gateway.json('/api/sessions/AJ_flush/logs');
  await gateway.take([one('flush-01-logs')]);
  expect(bucket.objects.size).toBe(0);
  const { archived: still, turns, hasAudio } = await gateway.json('/api/sessions/AJ_flush');
  expect([still, turns, hasAudio]).toEqual([undefined, 1, true]);
  const after = await gateway.json('/api/sessions/AJ_flush/logs');
  expect(after.total).toBeGreaterThan(before.total);
});

describe('deleting an archived session', () => {
  test('deletes its object in the bucket', async () => {
    const { gateway, bucket } = await archived();
    expect((await fetch(`${gateway.url}/api/sessions/AJ_flush`, { method: 'DELETE' })).status).toBe(204);
    expect(bucket.objects.size).toBe(0);
    expect((await gateway.json('/api/sessions')).total).toBe(0);
  });

  test('fails while the bucket is unreachable, and the session stays', async () => {
    const { gateway, bucket } = await archived();
    bucket.away = true;
    expect((await fetch(`${gateway.url}/api/sessions/AJ_flush`, { method: 'DELETE' })).status).toBe(500);
    bucket.away = false;
    expect((await gateway.json('/api/sessions')).total).toBe(1);
    expect(await responsesOf(gateway)).toHaveLength(5);
  });
});

test('sessions stay on disk while the bucket is unreachable', async () => {
  const bucket = await listenBucket();
  bucket.away = true;
  const gateway = await startTestGateway({ objects: bucket.options });
  await gateway.take([...capturedOf('flush'), ...capturedOf('full')]);
  expect(gateway.lines).toEqual([expect.stringContaining('the bucket answered 503 SlowDown')]);
  const before = await responsesOf(gateway);
  expect(await archive(gateway.store, later())).toEqual({ ok: 0, failed: 1 });
  expect(await responsesOf(gateway)).toEqual(before);
});

test('a gateway with a lost directory lists the sessions of the bucket, including search terms', async () => {
  const { gateway, bucket, directory } = await archived();
  const [before] = gateway.store.index.summaries();
  const all = await responsesOf(gateway);
  await gateway.close();
  rmSync(directory, { recursive: true });
  const again = await startTestGateway({ objects: bucket.options, directory });
  expect(again.store.index.summaries()).toEqual([before]);
  expect(await responsesOf(again)).toEqual(all);
  expect((await again.json('/api/sessions?q=weather')).total).toBe(1);
});

test('wrong keys are reported at startup with the error code of the bucket', async () => {
  const bucket = await listenBucket();
  await expect(
    startTestGateway({ objects: { ...bucket.options, secretAccessKey: 'wrong' } }),
  ).rejects.toThrow(
    'The bucket cannot be listed: the bucket answered 403 SignatureDoesNotMatch. Correct its name, its region or its keys.',
  );
});
