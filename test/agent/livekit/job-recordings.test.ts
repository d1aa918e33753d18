import { expect, test } from 'vitest';
import { JobRecordings, RecordingsByJob } from '../../../src/agent/livekit/job-recordings.ts';

test('a job has its recordings in the order in which they began, each as it was told last', () => {
  const job = new JobRecordings();
  job.note({ kind: 'egress', id: 'first', status: 'active' });
  job.note({ kind: 'sdk', id: 'second', status: 'saved', location: '/tmp/audio.ogg' });
  job.note({ kind: 'egress', id: 'first', status: 'failed', error: { code: 'unreachable', message: 'no' } });
  expect(job.all).toEqual([
    { kind: 'egress', id: 'first', status: 'failed', error: { code: 'unreachable', message: 'no' } },
    { kind: 'sdk', id: 'second', status: 'saved', location: '/tmp/audio.ogg' },
  ]);
});

test('waits for recordings that have not ended, and no longer than it may', async () => {
  const job = new JobRecordings();
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  }).then(() => job.note({ kind: 'egress', id: 'a', status: 'saved' }));
  job.note({ kind: 'egress', id: 'a', status: 'active' }, ended);
  await job.settled(1);
  expect(job.all).toMatchObject([{ status: 'active' }]);
  end();
  await job.settled(60_000);
  expect(job.all).toMatchObject([{ status: 'saved' }]);
});

test('one whose end fails holds nobody up', async () => {
  const job = new JobRecordings();
  job.note({ kind: 'egress', id: 'a', status: 'active' }, Promise.reject(new Error('no')));
  await job.settled(60_000);
  expect(job.all).toMatchObject([{ status: 'active' }]);
});

test('each job has its own, and the oldest is forgotten when there are too many', () => {
  const recordings = new RecordingsByJob();
  recordings.of('AJ_1').note({ kind: 'sdk', id: 'a', status: 'saved' });
  expect(recordings.of('AJ_1').all.length).toBe(1);
  expect(recordings.of('AJ_2').all).toEqual([]);
  for (let job = 3; job < 100; job++) recordings.of(`AJ_${job}`);
  expect(recordings.of('AJ_1').all).toEqual([]);
});
