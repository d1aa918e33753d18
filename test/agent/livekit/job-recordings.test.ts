import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type JobRecording,
  JobRecordings,
  RecordingsByJob,
} from '../../../src/agent/livekit/job-recordings.ts';
import { processState } from '../../../src/agent/livekit/process-state.ts';
import { SessionReporter } from '../../../src/agent/livekit/reported-session.ts';
import { loadedSdk } from '../../../src/agent/livekit/sdk.ts';

test('a job has its recordings in start order with their latest state', () => {
  const job = new JobRecordings();
  job.note({ kind: 'egress', id: 'first', status: 'active' });
  job.note({ kind: 'sdk', id: 'second', status: 'saved', location: '/tmp/audio.ogg' });
  job.note({ kind: 'egress', id: 'first', status: 'failed', error: { code: 'unreachable', message: 'no' } });
  expect(job.all).toEqual([
    { kind: 'egress', id: 'first', status: 'failed', error: { code: 'unreachable', message: 'no' } },
    { kind: 'sdk', id: 'second', status: 'saved', location: '/tmp/audio.ogg' },
  ]);
});

test('waits for running recordings up to the limit', async () => {
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

test('a recording with a failed end does not block others', async () => {
  const job = new JobRecordings();
  job.note({ kind: 'egress', id: 'a', status: 'active' }, Promise.reject(new Error('no')));
  await job.settled(60_000);
  expect(job.all).toMatchObject([{ status: 'active' }]);
});

test('each job has its own recordings, and the oldest job is evicted at the limit', () => {
  const recordings = new RecordingsByJob();
  recordings.of('AJ_1').note({ kind: 'sdk', id: 'a', status: 'saved' });
  expect(recordings.of('AJ_1').all.length).toBe(1);
  expect(recordings.of('AJ_2').all).toEqual([]);
  for (let job = 3; job < 100; job++) recordings.of(`AJ_${job}`);
  expect(recordings.of('AJ_1').all).toEqual([]);
});

describe('recordings in a report', () => {
  // So that no report waits for it.
  beforeAll(() => loadedSdk());

  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
    Reflect.deleteProperty(globalThis, Symbol.for('talkgauge.process'));
    rmSync(folder, { recursive: true });
  });

  const recording: JobRecording = { kind: 'egress', id: 'a', status: 'active' };

  /** Ends a job that has a recording of its room. */
  function endJob(deadlineMs: number) {
    let over = () => {};
    const ended = new Promise<void>((resolve) => {
      over = resolve;
    });
    const recordings = processState().recordings.of('AJ_1');
    recordings.note(recording, ended);
    const reported = new SessionReporter({
      session: { _redactionEnabled: false },
      job: { job: { id: 'AJ_1' } } as never,
      identity: { agent_name: 'front-desk', agent_version: '7' },
      record: { audio: true, transcript: false, traces: true, logs: true },
      sink: () => {},
      settings: { folder, deadlineMs, bucket: undefined, maxAge: undefined, maxBytes: undefined },
    });
    let written = false;
    const report = reported.end().then((result) => {
      written = true;
      return result?.report.recordings;
    });
    return {
      report,
      /** Whether the report was written after so many milliseconds, plus the time that the disk needs. */
      async writtenAfter(ms: number) {
        await vi.advanceTimersByTimeAsync(ms);
        await wait(300);
        return written;
      },
      end() {
        recordings.note({ ...recording, status: 'saved' });
        over();
      },
    };
  }

  test('a report waits for the recording of its room longer than the stop deadline of the recording', async () => {
    const job = endJob(5000);
    // The default of `stopDeadlineMs`.
    expect(await job.writtenAfter(4000)).toBe(false);
    job.end();
    expect(await job.report).toEqual([{ ...recording, status: 'saved' }]);
  });

  test.each([
    [5000, 4250],
    [1000, 500],
  ])(
    'with a deadline of %i ms it waits %i ms and reports that the recording had not ended',
    async (deadlineMs, ms) => {
      const job = endJob(deadlineMs);
      expect(await job.writtenAfter(ms - 1)).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(await job.report).toEqual([recording]);
    },
  );
});
