import { EgressStatus } from '@livekit/protocol';
import { afterEach, beforeEach, describe, expect, type Mock, test, vi } from 'vitest';
import { RoomEgress } from '../../../src/agent/egress/room-egress.ts';
import { type RecordRoomOptions, resolveRecording } from '../../../src/agent/egress/settings.ts';
import { type Answer, apiKey, apiSecret, complete, type LiveKit, openLiveKit, starting } from './livekit.ts';

let livekit: LiveKit;
beforeEach(async () => {
  livekit = await openLiveKit();
});
afterEach(() => livekit.close());
afterEach(() => {
  vi.restoreAllMocks();
});

const egress = (options: RecordRoomOptions = {}) =>
  new RoomEgress(resolveRecording({ url: livekit.url, apiKey, apiSecret, ...options }, 'AJ_1'), 'call-1');

describe('the request', () => {
  test('records the audio of the room into the storage of the egress service', async () => {
    expect(await egress().start()).toEqual({
      status: 'active',
      egressId: 'EG_1',
      location: 'AJ_1-{time}',
    });
    expect(livekit.asked().toJson()).toEqual({
      roomName: 'call-1',
      audioOnly: true,
      fileOutputs: [{ filepath: 'AJ_1-{time}' }],
    });
  });

  test('includes video with a layout on request', async () => {
    await egress({ audioOnly: false, layout: 'speaker', filepath: 'calls/{job_id}.mp4' }).start();
    expect(livekit.asked().toJson()).toEqual({
      roomName: 'call-1',
      layout: 'speaker',
      fileOutputs: [{ filepath: 'calls/AJ_1.mp4' }],
    });
  });

  test.each([
    [
      's3',
      { s3: { bucket: 'calls', region: 'eu-central-1', accessKey: 'key', secret: 'secret' } },
      { bucket: 'calls', region: 'eu-central-1', accessKey: 'key', secret: 'secret' },
    ],
    [
      's3',
      { s3: { bucket: 'calls', endpoint: 'http://minio:9000' } },
      { bucket: 'calls', endpoint: 'http://minio:9000', forcePathStyle: true },
    ],
    ['gcp', { gcp: { bucket: 'calls', credentials: '{}' } }, { bucket: 'calls', credentials: '{}' }],
    [
      'azure',
      { azure: { containerName: 'calls', accountName: 'acme', accountKey: 'key' } },
      { containerName: 'calls', accountName: 'acme', accountKey: 'key' },
    ],
  ])('uploads to %s', async (kind, output, sent) => {
    await egress({ output } as RecordRoomOptions).start();
    const [file] = livekit.asked().fileOutputs;
    expect(file?.toJson()).toEqual({ filepath: 'AJ_1-{time}', [kind]: sent });
  });
});

describe('the result', () => {
  test('is reported when egress has written the file', async () => {
    const recording = egress();
    await recording.start();
    expect(await recording.stop()).toEqual({
      status: 'complete',
      egressId: 'EG_1',
      location: 'https://calls.s3.amazonaws.com/AJ_1-2026-11-27T002000.ogg',
      startedAt: 1_795_739_000_250,
      endedAt: 1_795_739_012_750,
      durationSeconds: 12.5,
      sizeBytes: 98_765,
    });
    expect(livekit.calls.map(({ method }) => method)).toEqual([
      'StartRoomCompositeEgress',
      'ListEgress',
      'StopEgress',
      'ListEgress',
    ]);
    expect(livekit.calls[3]?.body).toEqual({ egressId: 'EG_1' });
  });

  test('is returned again by a second stop without a request', async () => {
    const recording = egress();
    await recording.start();
    const first = await recording.stop();
    expect(await recording.stop()).toBe(first);
    expect(livekit.calls.length).toBe(4);
  });

  test('waits for a running start at stop', async () => {
    const recording = egress();
    recording.start();
    expect(await recording.stop()).toMatchObject({ status: 'complete' });
  });

  test('of a recording that ended by itself is reported without a stop request', async () => {
    livekit.answer('ListEgress', { items: [complete] });
    const recording = egress();
    await recording.start();
    expect(await recording.stop()).toMatchObject({ status: 'complete', durationSeconds: 12.5 });
    expect(livekit.calls.map(({ method }) => method)).toEqual(['StartRoomCompositeEgress', 'ListEgress']);
  });

  test('of a recording that ends by itself during the stop is reported', async () => {
    livekit.answer('StopEgress', {
      status: 412,
      code: 'failed_precondition',
      msg: 'egress with status EGRESS_COMPLETE cannot be stopped',
    });
    const recording = egress();
    await recording.start();
    const result = await recording.stop();
    expect(result).toMatchObject({ status: 'complete', durationSeconds: 12.5 });
    expect(result.error).toBeUndefined();
  });

  test('of a recording that LiveKit does not list in time follows a stop', async () => {
    livekit.answer('ListEgress', 'hang');
    const recording = egress({ stopDeadlineMs: 4000 });
    await recording.start();
    expect(await recording.stop()).toMatchObject({ status: 'ending', egressId: 'EG_1' });
    expect(livekit.calls.map(({ method }) => method)).toContain('StopEgress');
  });

  test('is unknown if the file is not written by the deadline', async () => {
    livekit.answer('ListEgress', {
      items: [{ ...complete, status: EgressStatus.EGRESS_ENDING, fileResults: [] }],
    });
    const recording = egress({ stopDeadlineMs: 3000 });
    await recording.start();
    expect(await recording.stop()).toEqual({ status: 'ending', egressId: 'EG_1', location: 'AJ_1-{time}' });
  });

  test.each<[string, Answer]>([
    ['hangs', 'hang'],
    ['has gone', { status: 503, page: '' }],
  ])('and the stop are unknown if LiveKit %s', async (_, answer) => {
    const recording = egress({ stopDeadlineMs: answer === 'hang' ? 300 : 20_000 });
    await recording.start();
    livekit.answer('StopEgress', answer);
    livekit.answer('ListEgress', answer);
    const { status, error } = await recording.stop();
    expect([status, error?.code]).toEqual(['active', answer === 'hang' ? 'timeout' : 'unreachable']);
  });

  test.each([
    [
      EgressStatus.EGRESS_FAILED,
      'failed',
      's3 upload failed: NoSuchBucket: no\n such bucket',
      400,
      'bad_output',
    ],
    [EgressStatus.EGRESS_FAILED, 'failed', 'CPU exhausted: 4.20 cores used', 403, 'no_capacity'],
    [EgressStatus.EGRESS_FAILED, 'failed', 'failed to launch chrome: exit 1', 500, 'unknown'],
    [EgressStatus.EGRESS_ABORTED, 'aborted', 'Start signal not received', 412, 'no_media'],
  ])(
    'of an egress with status %i is %s with the reason %s',
    async (egressStatus, status, error, errorCode, code) => {
      livekit.answer('StopEgress', { info: { egressId: 'EG_1', status: egressStatus, error, errorCode } });
      const recording = egress();
      await recording.start();
      const result = await recording.stop();
      expect([result.status, result.error?.code]).toEqual([status, code]);
      expect(result.error?.message).toContain(`Egress said: ${error.replace(/\s+/g, ' ')}; `);
    },
  );

  test('of a recording that reached its limit is saved', async () => {
    livekit.answer('StopEgress', {
      info: {
        ...complete,
        status: EgressStatus.EGRESS_LIMIT_REACHED,
        // The message that LiveKit always returns in this case.
        error: 'Session limit reached',
        errorCode: 413,
      },
    });
    const recording = egress();
    await recording.start();
    const result = await recording.stop();
    expect(result).toMatchObject({ status: 'limit_reached', durationSeconds: 12.5 });
    expect(result).not.toHaveProperty('error');
  });

  test('of a stopped recording that is not listed does not become active again', async () => {
    livekit.answer('ListEgress', { items: [] });
    const recording = egress({ stopDeadlineMs: 3000 });
    await recording.start();
    expect(await recording.stop()).toMatchObject({ status: 'ending', egressId: 'EG_1' });
  });
});

describe('a refused recording is not started and has a reason', () => {
  test.each<[string, Answer, string]>([
    [
      'no Redis',
      { status: 500, code: 'internal', msg: 'egress not connected (redis required)' },
      'no_egress_service',
    ],
    [
      'no egress service, or all of them busy',
      { status: 503, code: 'unavailable', msg: 'no response from servers' },
      'no_egress_service',
    ],
    ['a full project', { status: 429, code: 'resource_exhausted', msg: 'limit exceeded' }, 'no_capacity'],
    ['no permission', { status: 403, code: 'permission_denied', msg: 'permissions denied' }, 'no_permission'],
    ['no room', { status: 404, code: 'not_found', msg: 'requested room does not exist' }, 'room_not_found'],
    [
      'a bad output',
      { status: 400, code: 'invalid_argument', msg: 'request has missing or invalid field: bucket' },
      'bad_output',
    ],
    ['a server that waits too long', { status: 408, code: 'deadline_exceeded', msg: 'timed out' }, 'timeout'],
    ['a proxy without a server', { status: 502, page: '<h1>Bad\nGateway</h1>' }, 'unreachable'],
    ['something else that speaks HTTP', { status: 404, page: 'Not Found' }, 'unreachable'],
    ['something new', { status: 500, code: 'internal', msg: 'the moon is full' }, 'unknown'],
  ])('%s', async (_, answer, code) => {
    livekit.answer('StartRoomCompositeEgress', answer);
    const recording = egress();
    const { status, error } = await recording.start();
    expect([status, error?.code]).toEqual(['not_started', code]);
    expect(error?.message).toMatch(/^LiveKit at ws:\/\/127\.0\.0\.1:\d+ said: \S+ [^\n]*; \w[^\n]+$/);
    expect(await recording.stop()).toMatchObject({ status: 'not_started' });
    expect(livekit.calls.length).toBe(1);
  });

  test('a wrong secret', async () => {
    const { status, error } = await egress({ apiSecret: 'wrong, and long enough to be one of them' }).start();
    expect([status, error?.code]).toEqual(['not_started', 'no_permission']);
    expect(error?.message).toContain('use an API key and secret that the server knows');
    expect(error?.message).not.toContain('wrong');
  });

  test('no server', async () => {
    await livekit.close();
    const { status, error } = await egress().start();
    expect([status, error?.code]).toEqual(['not_started', 'unreachable']);
    expect(error?.message).toMatch(/did not answer \(connect ECONNREFUSED .*\); check the URL/);
    livekit = await openLiveKit();
  });

  test('an invalid URL', async () => {
    const { error } = await egress({ url: 'livekit' }).start();
    expect(error?.code).toBe('unreachable');
    expect(error?.message).toMatch(/^LiveKit at livekit did not answer \(Invalid URL\)/);
  });

  test('no response by the deadline', async () => {
    livekit.answer('StartRoomCompositeEgress', 'hang');
    const { status, error } = await egress({ startDeadlineMs: 200 }).start();
    expect([status, error?.code]).toEqual(['not_started', 'timeout']);
  });
});

test('a job that ends before egress responds waits no longer than the deadline', async () => {
  livekit.answer('StartRoomCompositeEgress', 'hang');
  const recording = egress({ stopDeadlineMs: 200 });
  recording.start();
  const { status, error } = await recording.stop();
  expect([status, error?.code]).toEqual(['not_started', 'timeout']);
});

describe('a recording that egress accepts after the timeout', () => {
  let take = () => {};
  let warned: Mock;
  beforeEach(() => {
    warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const accepted = new Promise<void>((resolve) => {
      take = resolve;
    });
    livekit.answer('StartRoomCompositeEgress', { info: starting, after: accepted });
  });
  const stopped = () => livekit.calls.filter(({ method }) => method === 'StopEgress').map(({ body }) => body);
  const message = 'talkgauge: egress took the recording EG_1 after it was given up; it';
  const options = { timeout: 20_000 };

  test('is stopped if stop was called before egress responded', async () => {
    const recording = egress({ stopDeadlineMs: 200 });
    const started = recording.start();
    await vi.waitFor(() => expect(livekit.calls.length).toBe(1), options);
    expect(await recording.stop()).toMatchObject({ status: 'not_started', error: { code: 'timeout' } });
    expect(stopped()).toEqual([]);
    take();
    expect(await started).toMatchObject({ status: 'not_started', error: { code: 'timeout' } });
    await vi.waitFor(() => expect(stopped()).toEqual([{ egressId: 'EG_1' }]), options);
    await vi.waitFor(() => expect(warned.mock.calls).toEqual([[`${message} was stopped`]]), options);
  });

  test('is stopped if egress exceeded the start deadline', async () => {
    const recording = egress({ startDeadlineMs: 200 });
    expect(await recording.start()).toMatchObject({ status: 'not_started', error: { code: 'timeout' } });
    take();
    await vi.waitFor(() => expect(stopped()).toEqual([{ egressId: 'EG_1' }]), options);
    expect(await recording.stop()).toMatchObject({ status: 'not_started' });
    // Otherwise it would affect the next test.
    await vi.waitFor(() => expect(warned.mock.calls).toEqual([[`${message} was stopped`]]), options);
  });

  test('is reported if it cannot be stopped', async () => {
    livekit.answer('StopEgress', { status: 503, code: 'unavailable', msg: 'no response from servers' });
    await egress({ startDeadlineMs: 200 }).start();
    take();
    await vi.waitFor(() => expect(warned).toHaveBeenCalledOnce(), options);
    expect(warned.mock.calls[0]?.[0]).toContain(
      `${message} could not be stopped, and ends with its room: LiveKit`,
    );
  });
});

test('every status of the protocol is mapped', () => {
  const known = Object.values(EgressStatus).filter((value) => typeof value === 'number');
  expect(known).toEqual([0, 1, 2, 3, 4, 5, 6]);
});
