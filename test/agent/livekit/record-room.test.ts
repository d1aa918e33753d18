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
/** A job as the SDK hands it to an entry function, as far as a recording needs it. */
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
const noted = (ctx: { job: { id: string } }) => processState().recordings.of(ctx.job.id).all;
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

test('one that its user stops is counted once', async () => {
  const { ctx, end } = createJob();
  const recording = recordRoom(ctx, { audioOnly: false });
  expect(await recording.stop()).toMatchObject({ status: 'complete', durationSeconds: 12.5 });
  await end();
  expect(await shown('lk_agents_recordings_total')).toBe(1);
  expect(await shown('lk_agents_recorded_seconds_total', { media: 'audio_video' })).toBe(12.5);
});

describe('the report of the job', () => {
  test('reports it as soon as it is asked for, and waits for its end', async () => {
    const { ctx, end } = createJob();
    recordRoom(ctx);
    const [asked] = noted(ctx);
    expect(asked).toEqual({ kind: 'egress', id: asked?.id, status: 'active', audioOnly: true });
    const settled = processState().recordings.of(ctx.job.id).settled(60_000);
    await end();
    await settled;
    expect(noted(ctx)).toEqual([
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

  test('reports why there is none, and waits for nothing', async () => {
    livekit.answer('StartRoomCompositeEgress', {
      status: 404,
      code: 'not_found',
      msg: 'requested room does not exist',
    });
    const { ctx } = createJob();
    const { error } = await recordRoom(ctx).started;
    await processState().recordings.of(ctx.job.id).settled(60_000);
    expect(noted(ctx)).toMatchObject([
      { status: 'failed', error: { code: 'room_not_found', message: error?.message } },
    ]);
  });

  test('reports each recording of a job', async () => {
    const { ctx, end } = createJob();
    recordRoom(ctx);
    recordRoom(ctx, { audioOnly: false });
    await end();
    expect(noted(ctx).map(({ audioOnly, status }) => [audioOnly, status])).toEqual([
      [true, 'saved'],
      [false, 'saved'],
    ]);
  });
});

test('outside a job a room is recorded by its name, until it is stopped', async () => {
  const recording = recordRoom('call-7', { url: livekit.url, apiKey, apiSecret });
  expect(await recording.started).toMatchObject({ status: 'active' });
  expect(livekit.asked().toJson()).toMatchObject({
    roomName: 'call-7',
    fileOutputs: [{ filepath: '{room_id}-{time}' }],
  });
  expect(await recording.stop()).toMatchObject({ status: 'complete' });
});

describe('a recording that cannot be', () => {
  test('for its options says which, and is counted', async () => {
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

  test.each([undefined, null, {}, 7])('for it is no job (%o) throws nothing', async (where) => {
    const { status, error } = await recordRoom(where as never).started;
    expect([status, error?.code]).toEqual(['not_started', 'bad_option']);
  });

  test('does not reach the call when reporting it fails', async () => {
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

describe('where samples cannot be counted', () => {
  const file = '/nowhere/prices.json';
  beforeEach(() => vi.stubEnv('TALKGAUGE_PRICES', file));
  const uncounted = expect.stringMatching(
    /^talkgauge: the room's recording is not counted: .*\/nowhere\/prices\.json/,
  );

  test('a room is recorded all the same, and the report reports it', async () => {
    const { ctx, end } = createJob();
    const recording = recordRoom(ctx);
    expect(await recording.started).toMatchObject({ status: 'active', egressId: 'EG_1' });
    await end();
    expect(await recording.stop()).toMatchObject({ status: 'complete' });
    expect(noted(ctx)).toMatchObject([{ status: 'saved', duration: 12.5 }]);
    expect(warned.mock.calls).toEqual([[uncounted]]);
  });

  test('an option that cannot be used throws nothing, either', async () => {
    const { ctx } = createJob();
    const { status, error } = await recordRoom(ctx, { output: { s3: { bucket: '' } } }).started;
    expect([status, error?.code]).toEqual(['not_started', 'bad_option']);
    expect(warned).toHaveBeenCalledWith(uncounted);
  });
});

test('a job that takes no callback for its end is not recorded: nobody would stop it', async () => {
  const { ctx } = createJob();
  ctx.addShutdownCallback = () => {
    throw new Error('the job is over');
  };
  expect(await recordRoom(ctx).started).toMatchObject({ status: 'not_started' });
  expect(livekit.calls).toEqual([]);
});

describe('nobody is asked', () => {
  const off = async (ctx: Parameters<typeof recordRoom>[0], reason: string) => {
    const recording = recordRoom(ctx);
    expect(await recording.started).toEqual({ status: 'off' });
    expect(await recording.stop()).toEqual({ status: 'off' });
    expect(livekit.calls).toEqual([]);
    expect(warned.mock.calls).toEqual([[`talkgauge: the room is not recorded: ${reason}`]]);
    expect(await shown('lk_agents_recordings_total')).toBe(0);
  };

  test('where the environment switches audio off', async () => {
    vi.stubEnv('TALKGAUGE_RECORD', 'traces,transcript');
    const { ctx } = createJob();
    await off(ctx, 'the switch audio is off; add it to TALKGAUGE_RECORD, or to { record } of observe()');
    expect(noted(ctx)).toMatchObject([{ kind: 'egress', status: 'off' }]);
  });

  test('where the session does', async () => {
    const { ctx } = createJob();
    observe(createSession(), ctx as never, { record: { audio: false } });
    await off(ctx, 'the switch audio is off; add it to TALKGAUGE_RECORD, or to { record } of observe()');
  });

  test('where LiveKit demands redaction', async () => {
    const { ctx } = createJob({ enableRedaction: true });
    await off(ctx, 'LiveKit demands redaction for this job, and sound cannot be redacted');
  });

  test('where there is no room, in console mode', async () => {
    const { ctx } = createJob();
    await off({ ...ctx, isFakeJob: true }, 'in console mode there is none');
  });
});

test('a session that says nothing of audio does not forbid it, and names the agent', async () => {
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
