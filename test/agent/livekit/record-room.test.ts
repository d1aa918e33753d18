import { afterEach, beforeEach, describe, expect, type Mock, test, vi } from 'vitest';
import { observe } from '../../../src/agent/livekit/observe.ts';
import { processState } from '../../../src/agent/livekit/process-state.ts';
import { recordRoom } from '../../../src/agent/livekit/record-room.ts';
import { apiKey, apiSecret, type LiveKit, openLiveKit } from '../egress/livekit.ts';
import { sampleOf } from '../worker/exposition.ts';
import { createSession } from './sessions.ts';

let livekit: LiveKit;
let warned: Mock;
beforeEach(async () => {
  livekit = await openLiveKit();
  warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  Reflect.deleteProperty(globalThis, Symbol.for('talkgauge.process'));
  await livekit.close();
});

let jobs = 0;
/** A job context of an entry function with the fields that a recording needs. */
function createJob(given: object = {}) {
  jobs += 1;
  const callbacks: (() => Promise<void>)[] = [];
  const ctx = {
    job: { id: `AJ_${jobs}`, agentName: 'front-desk', room: { name: `call-${jobs}` }, ...given },
    info: { url: livekit.url, apiKey, apiSecret },
    addShutdownCallback: (callback: () => Promise<void>) => void callbacks.push(callback),
  } as unknown as Exclude<Parameters<typeof recordRoom>[0], string>;
  return { ctx, end: () => Promise.all(callbacks.map((callback) => callback())) };
}
const recordingsOf = (ctx: { job: { id: string } }) => processState().recordings.of(ctx.job.id).all;
const shown = async (series: string, labels?: Record<string, string>) =>
  sampleOf((await processState().recorder?.expose('text')) ?? '', series, labels);

test('a room is recorded on the server of its job until the job ends', async () => {
  const { ctx, end } = createJob();
  const recording = recordRoom(ctx);
  expect(await recording.started).toMatchObject({ status: 'active', egressId: 'EG_1' });
  expect(livekit.asked().roomName).toBe(ctx.job.room?.name);
  expect(await shown('lk_agents_recordings_active', { destination: 'file' })).toBe(1);
  await end();
  expect(livekit.calls.map(({ method }) => method)).toContain('StopEgress');
  const about = { agent_name: 'front-desk', destination: 'file', outcome: 'complete' };
  expect(await shown('lk_agents_recordings_total', about)).toBe(1);
  expect(await shown('lk_agents_recordings_active', { destination: 'file' })).toBe(0);
  expect(warned).not.toHaveBeenCalled();
});

test('a recording stopped by the user is counted once', async () => {
  const { ctx, end } = createJob();
  const recording = recordRoom(ctx, { audioOnly: false });
  expect(await recording.stop()).toMatchObject({ status: 'complete', durationSeconds: 12.5 });
  await end();
  expect(await shown('lk_agents_recordings_total')).toBe(1);
  expect(await shown('lk_agents_recorded_seconds_total', { media: 'audio_video' })).toBe(12.5);
});

describe('the report of the job', () => {
  test('contains the recording from its request and waits for its end', async () => {
    const { ctx, end } = createJob();
    recordRoom(ctx);
    const [asked] = recordingsOf(ctx);
    expect(asked).toEqual({ kind: 'egress', id: asked?.id, status: 'active', audioOnly: true });
    const settled = processState().recordings.of(ctx.job.id).settled(60_000);
    await end();
    await settled;
    expect(recordingsOf(ctx)).toEqual([
      {
        kind: 'egress',
        id: asked?.id,
        status: 'saved',
        audioOnly: true,
        egressId: 'EG_1',
        location: 'https://calls.s3.amazonaws.com/AJ_1-2026-11-27T002000.ogg',
        startedAt: 1_795_739_000_250,
        endedAt: 1_795_739_012_750,
        duration: 12.5,
        bytes: 98_765,
      },
    ]);
  });

  test('contains the reason of a missing recording without waiting', async () => {
    livekit.answer('StartRoomCompositeEgress', {
      status: 404,
      code: 'not_found',
      msg: 'requested room does not exist',
    });
    const { ctx } = createJob();
    const { error } = await recordRoom(ctx).started;
    await processState().recordings.of(ctx.job.id).settled(60_000);
    expect(recordingsOf(ctx)).toMatchObject([
      { status: 'failed', error: { code: 'room_not_found', message: error?.message } },
    ]);
  });

  test('contains each recording of a job', async () => {
    const { ctx, end } = createJob();
    recordRoom(ctx);
    recordRoom(ctx, { audioOnly: false });
    await end();
    expect(recordingsOf(ctx).map(({ audioOnly, status }) => [audioOnly, status])).toEqual([
      [true, 'saved'],
      [false, 'saved'],
    ]);
  });
});

test('outside a job a room is recorded by name until it is stopped', async () => {
  const recording = recordRoom('call-7', { url: livekit.url, apiKey, apiSecret });
  expect(await recording.started).toMatchObject({ status: 'active' });
  expect(livekit.asked().toJson()).toMatchObject({
    roomName: 'call-7',
    fileOutputs: [{ filepath: '{room_id}-{time}' }],
  });
  expect(await recording.stop()).toMatchObject({ status: 'complete' });
});

describe('an impossible recording', () => {
  test('with an invalid option is counted and reported with the option', async () => {
    const { ctx, end } = createJob();
    const recording = recordRoom(ctx, { output: { s3: { bucket: '' } } });
    const { status, error } = await recording.started;
    expect([status, error?.code, error?.message]).toEqual([
      'not_started',
      'bad_option',
      'output.s3 takes bucket: name where the file goes.',
    ]);
    expect(await recording.stop()).toEqual(await recording.started);
    await end();
    const about = { destination: 'unknown', outcome: 'not_started' };
    expect(await shown('lk_agents_recordings_total', about)).toBe(1);
    expect(await shown('lk_agents_recording_errors_total', { error: 'bad_option' })).toBe(1);
    expect(warned.mock.calls).toEqual([
      ["talkgauge: the room's recording (not_started): output.s3 takes bucket: name where the file goes."],
    ]);
  });

  test.each([undefined, null, {}, 7])('without a job (%o) does not throw', async (where) => {
    const { status, error } = await recordRoom(where as never).started;
    expect([status, error?.code]).toEqual(['not_started', 'bad_option']);
  });

  test('does not affect the call when its reporting fails', async () => {
    const { ctx } = createJob();
    processState().recordings.of = () =>
      ({
        note: () => {
          throw new Error('full');
        },
      }) as never;
    const { status } = await recordRoom(ctx).stop();
    expect(status).toBe('complete');
  });
});

describe('when samples cannot be recorded', () => {
  const file = '/nowhere/prices.json';
  beforeEach(() => vi.stubEnv('TALKGAUGE_PRICES', file));
  const uncounted = expect.stringMatching(
    /^talkgauge: the room's recording is not counted: .*\/nowhere\/prices\.json/,
  );

  test('a room is still recorded and included in the report', async () => {
    const { ctx, end } = createJob();
    const recording = recordRoom(ctx);
    expect(await recording.started).toMatchObject({ status: 'active', egressId: 'EG_1' });
    await end();
    expect(await recording.stop()).toMatchObject({ status: 'complete' });
    expect(recordingsOf(ctx)).toMatchObject([{ status: 'saved', duration: 12.5 }]);
    expect(warned.mock.calls).toEqual([[uncounted]]);
  });

  test('an invalid option does not throw either', async () => {
    const { ctx } = createJob();
    const { status, error } = await recordRoom(ctx, { output: { s3: { bucket: '' } } }).started;
    expect([status, error?.code]).toEqual(['not_started', 'bad_option']);
    expect(warned).toHaveBeenCalledWith(uncounted);
  });
});

test('a job without shutdown callbacks is not recorded, because the recording would not stop', async () => {
  const { ctx } = createJob();
  ctx.addShutdownCallback = () => {
    throw new Error('the job is over');
  };
  expect(await recordRoom(ctx).started).toMatchObject({ status: 'not_started' });
  expect(livekit.calls).toEqual([]);
});

describe('no request is sent', () => {
  const off = async (ctx: Parameters<typeof recordRoom>[0], reason: string) => {
    const recording = recordRoom(ctx);
    expect(await recording.started).toEqual({ status: 'off' });
    expect(await recording.stop()).toEqual({ status: 'off' });
    expect(livekit.calls).toEqual([]);
    expect(warned.mock.calls).toEqual([[`talkgauge: the room is not recorded: ${reason}`]]);
    expect(await shown('lk_agents_recordings_total')).toBe(0);
  };

  test('if the environment switches audio off', async () => {
    vi.stubEnv('TALKGAUGE_RECORD', 'traces,transcript');
    const { ctx } = createJob();
    await off(ctx, 'the switch audio is off; add it to TALKGAUGE_RECORD, or to { record } of observe()');
    expect(recordingsOf(ctx)).toMatchObject([{ kind: 'egress', status: 'off' }]);
  });

  test('if the session switches audio off', async () => {
    const { ctx } = createJob();
    observe(createSession(), ctx as never, { record: { audio: false } });
    await off(ctx, 'the switch audio is off; add it to TALKGAUGE_RECORD, or to { record } of observe()');
  });

  test('if LiveKit requires redaction', async () => {
    const { ctx } = createJob({ enableRedaction: true });
    await off(ctx, 'LiveKit demands redaction for this job, and sound cannot be redacted');
  });

  test('without a room in console mode', async () => {
    const { ctx } = createJob();
    await off({ ...ctx, isFakeJob: true }, 'in console mode there is none');
  });
});

test('a session without an audio setting allows the recording and provides the agent name', async () => {
  const { ctx, end } = createJob();
  observe(createSession(), ctx as never, {
    agentName: 'support',
    agentVersion: '7',
    record: { transcript: true },
  });
  expect(await recordRoom(ctx).started).toMatchObject({ status: 'active' });
  await end();
  const about = { agent_name: 'support', agent_version: '7', outcome: 'complete' };
  expect(await shown('lk_agents_recordings_total', about)).toBe(1);
});
