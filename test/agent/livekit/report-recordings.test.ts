import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { JobRecording } from '../../../src/agent/livekit/job-recordings.ts';
import { processWide } from '../../../src/agent/livekit/process-state.ts';
import { ReportedSession } from '../../../src/agent/livekit/reported-session.ts';
import { loadedSdk } from '../../../src/agent/livekit/sdk.ts';

// So that no report waits for that.
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

/** The end of a job that has a recording of its room. */
function endJob(deadlineMs: number) {
  let over = () => {};
  const ended = new Promise<void>((resolve) => {
    over = resolve;
  });
  const recordings = processWide().recordings.of('AJ_1');
  recordings.note(recording, ended);
  const reported = new ReportedSession({
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
    /** Whether the report was written after so many milliseconds; what a disk takes for it is waited for besides. */
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

test('a report waits for the recording of its room for longer than that may take to end', async () => {
  const job = endJob(5000);
  // The default of `stopDeadlineMs`.
  expect(await job.writtenAfter(4000)).toBe(false);
  job.end();
  expect(await job.report).toEqual([{ ...recording, status: 'saved' }]);
});

test.each([
  [5000, 4250],
  [1000, 500],
])('of a deadline of %i ms it waits for %i ms, and tells that it had not ended', async (deadlineMs, ms) => {
  const job = endJob(deadlineMs);
  expect(await job.writtenAfter(ms - 1)).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await job.report).toEqual([recording]);
});
