import { expect, test } from 'vitest';
import { startTestGateway } from './running.ts';
import { captured, capturedOf, upload } from './uploads.ts';

test('every captured request is accepted unchanged and processed', async () => {
  const gateway = await startTestGateway();
  for (const request of captured) {
    const { status } = await upload(gateway.url, request);
    expect([request.name, status]).toEqual([request.name, 200]);
  }
  await gateway.drained(20_000);
  const taken = async (kind: string) =>
    gateway.metric('talkgauge_gateway_processed_total', { kind, result: 'ok' });
  expect([
    await taken('traces'),
    await taken('logs'),
    await taken('metrics'),
    await taken('recordings'),
  ]).toEqual([5, 9, 2, 1]);
  expect(gateway.lines).toEqual([]);
  expect((await gateway.json('/api/sessions')).total).toBe(2);
});

test('a session has the data of its job', async () => {
  const gateway = await startTestGateway();
  await gateway.take(capturedOf('full'));
  const { sessions } = await gateway.json('/api/sessions');
  expect(sessions).toEqual([
    {
      id: 'AJ_full',
      status: 'complete',
      roomId: 'RM_full',
      roomName: 'room-full',
      agent: 'support-agent',
      language: 'nodejs',
      sdkVersion: '1.9.0',
      start: 1795346298.557,
      end: 1795346326.935,
      duration: 1795346326.935 - 1795346298.557,
      turns: 6,
      latencyP50: 0.5452749729156494,
      latencyP95: 0.6833529472351074,
      interruptions: 1,
      toolCalls: 3,
      toolErrors: 1,
      costIncomplete: true,
      closeReason: 'user_initiated',
      redacted: false,
      simulated: false,
      hasAudio: false,
      hasTranscript: true,
      hasTrace: true,
      hasLogs: true,
      hasReport: true,
      complete: true,
      receivedAt: expect.any(Number),
      bytes: expect.any(Number),
    },
  ]);
});

test('a conversation sent as logs and as recording history makes one transcript', async () => {
  const gateway = await startTestGateway();
  await gateway.take(capturedOf('flush'));
  const { items, provisional } = await gateway.json('/api/sessions/AJ_flush/transcript');
  expect(provisional).toBe(false);
  expect(items.map(({ type, role, text }: Record<string, string>) => [type, role, text])).toEqual([
    ['agent_handoff', undefined, undefined],
    ['agent_config_update', undefined, undefined],
    ['message', 'assistant', 'Hi there.'],
    ['message', 'user', 'hello there what is the weather like'],
    ['message', 'assistant', 'It is fine.'],
  ]);
  expect(items[4].metrics).toEqual({
    startedSpeakingAt: 1795346684.312,
    stoppedSpeakingAt: 1795346684.985,
    llmTtft: 0.12815790399999827,
    ttsTtfb: 0.09067118599999979,
    e2eLatency: 0.5474131107330322,
    // Only the recording's history has this.
    playbackLatency: 0,
  });
});

test('the transcript of a running call is assembled from spans', async () => {
  const gateway = await startTestGateway();
  await gateway.take(captured.filter(({ name }) => name === 'full-02-traces' || name === 'full-04-traces'));
  const { sessions } = await gateway.json('/api/sessions');
  expect(sessions).toEqual([
    expect.objectContaining({ status: 'live', turns: 2, latencyP50: expect.any(Number), toolErrors: 1 }),
  ]);
  const { items, provisional } = await gateway.json('/api/sessions/AJ_full/transcript');
  expect(provisional).toBe(true);
  const said = items.filter(({ role }: { role?: string }) => role === 'user');
  expect(said.map(({ text }: { text: string }) => text)).toEqual([
    'hello there what is the weather like',
    'please book a table for two',
  ]);
  expect((await gateway.json('/api/sessions?q=book+table')).total).toBe(1);
});

test('a recording is stored as it was sent', async () => {
  const gateway = await startTestGateway();
  await gateway.take(capturedOf('flush'));
  const response = await fetch(`${gateway.url}/api/sessions/AJ_flush/audio`);
  const audio = Buffer.from(await response.arrayBuffer());
  const sent = captured.find(({ kind }) => kind === 'recordings')?.body ?? Buffer.alloc(0);
  expect(audio.length).toBe(90_065);
  expect(sent.includes(audio)).toBe(true);
});

test('a duplicate upload counts once', async () => {
  const gateway = await startTestGateway();
  await gateway.take([...capturedOf('full'), ...capturedOf('full')]);
  const { sessions } = await gateway.json('/api/sessions');
  expect(sessions).toEqual([
    expect.objectContaining({ turns: 6, interruptions: 1, toolCalls: 3, toolErrors: 1 }),
  ]);
  const { spans } = await gateway.json('/api/sessions/AJ_full/trace');
  expect(new Set(spans.map(({ spanId }: { spanId: string }) => spanId)).size).toBe(spans.length);
});
