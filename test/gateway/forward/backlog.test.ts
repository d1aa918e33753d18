import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { attributesOf } from '../../../src/gateway/decode/attribute-value.ts';
import { Resource, ResourceSpans, TraceRequest } from '../../../src/gateway/decode/otlp-schema.ts';
import { Backlog, type Destination, Retries } from '../../../src/gateway/forward/backlog.ts';
import { compressed, liveKitCloud, otlpDestination } from '../../../src/gateway/forward/destinations.ts';
import { pair } from '../../../src/gateway/forward/otlp-request.ts';
import { retryAfterOf } from '../../../src/gateway/forward/post.ts';
import { DeadLetters } from '../../../src/gateway/spool/dead-letters.ts';
import type { Entry } from '../../../src/gateway/spool/spool.ts';
import { Telemetry } from '../../../src/gateway/telemetry.ts';
import { newFolder } from '../running.ts';
import { type Backend, listenBackend, type Received } from './backend.ts';

const open: Backlog[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((backlog) => backlog.close()));
});

let ids = 0;
/** Names of entries, in order. */
const nextId = () => `${String(Date.now()).padStart(13, '0')}-${String(ids++).padStart(6, '0')}`;

/** A backlog with a first retry after `firstDelay` milliseconds. */
async function backlogFor(destination: Destination, firstDelay = 5) {
  const directory = newFolder();
  const lines: string[] = [];
  const telemetry = new Telemetry();
  const backlog = await Backlog.open({
    directory: join(directory, 'queue'),
    maxBytes: 1e7,
    destination,
    deadLetters: await DeadLetters.open({ directory: join(directory, 'dead-letter'), maxBytes: 1e6 }),
    telemetry,
    log: (line) => lines.push(line),
    firstDelay,
    maxDelay: 50,
  });
  open.push(backlog);
  const { name } = destination;
  return {
    backlog,
    lines,
    /** Adds a request with a span of this name. */
    async add(text: string, meta = {}): Promise<void> {
      const resource = new Resource({ attributes: [pair('name', text)] });
      const body = await compressed(new TraceRequest({ resourceSpans: [new ResourceSpans({ resource })] }));
      await backlog.add(nextId(), meta, [body], body.length);
    },
    async count(what: string): Promise<number> {
      const text = await telemetry.registry.metrics();
      const value = text.match(
        new RegExp(`^talkgauge_gateway_forward${what.replace('$', `destination="${name}"`)} (\\d+)$`, 'm'),
      );
      return Number(value?.[1] ?? Number.NaN);
    },
    result: (result: string) => countOf(telemetry, name, result),
    deadLetters: () => readdirSync(join(directory, 'dead-letter')).toSorted(),
    deadLetter: (file: string) => JSON.parse(readFileSync(join(directory, 'dead-letter', file), 'utf8')),
  };
}

async function countOf(telemetry: Telemetry, name: string, result: string): Promise<number> {
  const text = await telemetry.registry.metrics();
  const start = `talkgauge_gateway_forwarded_total{destination="${name}",result="${result}"} `;
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(start))
      ?.slice(start.length),
  );
}

const namesIn = ({ body }: Received) =>
  TraceRequest.fromBinary(body).resourceSpans.map(({ resource }) => attributesOf(resource?.attributes).name);

/** Answers each request by its span names. @returns the span names of accepted requests */
function answering(backend: Backend, statusOf: (names: unknown[]) => number): unknown[] {
  const taken: unknown[] = [];
  backend.answer = (received) => {
    const names = namesIn(received);
    const status = statusOf(names);
    if (status === 200) taken.push(...names);
    return { status };
  };
  return taken;
}

const tempo = (backend: Backend) => otlpDestination('tempo', backend.url);

describe('queued requests', () => {
  test('are sent as one request, and counted separately', async () => {
    const backend = await listenBackend();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    backend.answer = async () => {
      if (backend.received.length === 1) await held;
      return {};
    };
    const { backlog, add, result } = await backlogFor(tempo(backend));
    await add('a');
    await vi.waitFor(() => expect(backend.received).toHaveLength(1), { timeout: 10_000 });
    for (const name of ['b', 'c', 'd', 'e']) await add(name);
    release();
    await backlog.drained(10_000);
    expect(backend.received.map(namesIn)).toEqual([['a'], ['b', 'c', 'd', 'e']]);
    expect(await result('ok')).toBe(5);
  });

  test('are sent separately if the combined request is refused; a request that is refused again goes to the dead-letter folder', async () => {
    const backend = await listenBackend();
    backend.status = 503;
    const { backlog, add, result, deadLetters, deadLetter } = await backlogFor(tempo(backend));
    for (const name of ['a', 'bad', 'b']) await add(name);
    const taken = answering(backend, (names) => (names.includes('bad') ? 400 : 200));
    await backlog.drained(10_000);
    expect(taken.toSorted()).toEqual(['a', 'b']);
    expect([await result('ok'), await result('rejected'), await result('dropped')]).toEqual([2, 1, 0]);
    expect(deadLetters()).toEqual([
      expect.stringMatching(/^tempo-.*\.entry$/),
      expect.stringMatching(/^tempo-.*\.json$/),
    ]);
    expect(deadLetter(deadLetters()[1] ?? '')).toMatchObject({ source: 'tempo', reason: 'it answered 400' });
  });
});

describe('a request at which a backend fails', () => {
  test.each([500, 502, 503])(
    'does not delay others (%i), and goes to the dead-letter folder after repeated failures',
    async (status) => {
      const backend = await listenBackend();
      const taken = answering(backend, (names) => (names.includes('bad') ? status : 200));
      const { add, result, deadLetters, deadLetter, lines } = await backlogFor(tempo(backend));
      await add('bad');
      let others = 0;
      await vi.waitFor(
        async () => {
          await add(`other-${others++}`);
          expect(await result('rejected')).toBe(1);
        },
        { timeout: 30_000, interval: 20 },
      );
      await vi.waitFor(async () => expect(await result('ok')).toBe(others), { timeout: 10_000 });
      expect(new Set(taken).size).toBe(others);
      // The first attempt, and one after each of five accepted requests.
      expect(
        backend.received.flatMap(namesIn).filter((name) => name === 'bad').length,
      ).toBeGreaterThanOrEqual(6);
      expect(deadLetter(deadLetters()[1] ?? '').reason).toBe(
        `it failed again and again: it answered ${status}`,
      );
      expect(lines[0]).toBe(`tempo does not take what is forwarded; it waits: it answered ${status}`);
    },
  );

  test('is kept while the backend accepts no other request either', async () => {
    const backend = await listenBackend();
    answering(backend, () => 500);
    const { backlog, add, result, deadLetters } = await backlogFor(tempo(backend));
    for (const name of ['a', 'b', 'c']) await add(name);
    await vi.waitFor(() => expect(backend.received.length).toBeGreaterThan(25), { timeout: 30_000 });
    expect([await result('ok'), await result('rejected'), await result('dropped')]).toEqual([0, 0, 0]);
    const taken = answering(backend, () => 200);
    await backlog.drained(10_000);
    expect(taken.toSorted()).toEqual(['a', 'b', 'c']);
    expect([await result('ok'), deadLetters()]).toEqual([3, []]);
  });

  test('with an API key unknown to LiveKit Cloud delays requests with another key', async () => {
    const backend = await listenBackend();
    const issuerIn = ({ headers }: Received) =>
      JSON.parse(Buffer.from(headers.authorization?.split('.')[1] ?? '', 'base64url').toString()).iss;
    backend.answer = (received) => ({ status: issuerIn(received) === 'old' ? 401 : 200 });
    const secret = 's'.repeat(32);
    const keys = new Map([
      ['old', secret],
      ['new', secret],
    ]);
    const { add, result, count } = await backlogFor(liveKitCloud(backend.url, () => keys));
    for (const issuer of ['old', 'new', 'gone', 'new'])
      await add('spans', { kind: 'traces', issuer, type: 'application/x-protobuf' });
    await vi.waitFor(async () => expect(await result('ok')).toBe(2), { timeout: 10_000 });
    expect([await result('rejected'), await result('dropped')]).toEqual([0, 0]);
    expect(await count('_failures_total{$}')).toBeGreaterThanOrEqual(1);
    // The request that was set aside is retried.
    keys.set('gone', secret);
    await vi.waitFor(async () => expect(await result('ok')).toBe(3), { timeout: 10_000 });
    // However often the refused one fails while others are taken, it waits for its key.
    for (let taken = 4; taken < 16; taken++) {
      const failures = await count('_failures_total{$}');
      await vi.waitFor(async () => expect(await count('_failures_total{$}')).toBeGreaterThan(failures), {
        timeout: 10_000,
      });
      await add('spans', { kind: 'traces', issuer: 'new', type: 'application/x-protobuf' });
      await vi.waitFor(async () => expect(await result('ok')).toBe(taken), { timeout: 10_000 });
    }
    expect(await result('rejected')).toBe(0);
    backend.answer = () => ({ status: 200 });
    await vi.waitFor(async () => expect(await result('ok')).toBe(16), { timeout: 10_000 });
  });

  test('with an API key that is refused again and again, while others are taken, is kept', () => {
    const retries = new Retries({ firstDelay: 1000, maxDelay: 60_000 });
    const entry = { id: 'old' } as Entry;
    for (let n = 0, now = 0; n < 100; n++, now += 60_000) {
      expect(retries.isDue(entry, now)).toBe(true);
      expect(retries.failed(entry, now, true)).toBe(false);
      retries.succeeded();
    }
    // It is set aside as any other once it is the entry that fails.
    const refused = Array.from({ length: 5 }, () => {
      retries.succeeded();
      return retries.failed(entry, 0);
    });
    expect(refused).toEqual([false, false, false, false, true]);
  });
});

describe('a backend that sends Retry-After', () => {
  const now = Date.UTC(2026, 10, 29, 12, 0, 0);

  test.each([
    ['7', 7000],
    [' 0 ', 0],
    ['Sun, 29 Nov 2026 12:00:30 GMT', 30_000],
    ['Sun, 29 Nov 2026 11:59:00 GMT', 0],
    // The maximum is ten minutes.
    ['86400', 600_000],
    ['Mon, 30 Nov 2026 12:00:00 GMT', 600_000],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
  ])('by Retry-After: %j', (header, milliseconds) => {
    expect(retryAfterOf(header, now)).toBe(milliseconds);
  });

  test.each([429, 503])('delays all queued requests (%i)', async (status) => {
    const backend = await listenBackend();
    backend.answer = () => (backend.received.length === 1 ? { status, headers: { 'retry-after': '2' } } : {});
    const { backlog, add, result } = await backlogFor(tempo(backend));
    await add('a');
    await vi.waitFor(() => expect(backend.received).toHaveLength(1), { timeout: 10_000 });
    await add('b');
    await backlog.drained(20_000);
    const [first, second] = backend.received;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1990);
    expect(await result('ok')).toBe(2);
  });
});

describe('a backend that accepts a request and rejects records in it', () => {
  const rejected = '_rejected_records_total{$}';

  test.each([
    ['protobuf', 'application/x-protobuf', Buffer.from([0x0a, 0x02, 0x08, 0x07])],
    ['JSON', 'application/json', '{"partialSuccess":{"rejectedSpans":"7","errorMessage":"too old"}}'],
  ])('is heard: %s', async (_, type, body) => {
    const backend = await listenBackend();
    backend.answer = () => ({ headers: { 'content-type': type }, body });
    const { backlog, add, count, result, lines } = await backlogFor(tempo(backend));
    expect(await count(rejected)).toBe(0);
    await add('a');
    await backlog.drained(10_000);
    expect([await count(rejected), await result('ok')]).toEqual([7, 1]);
    // The message of the backend may quote the conversation.
    expect(lines).toEqual([
      'tempo takes what is forwarded, and rejects 7 records in it; its own log says why.',
    ]);
  });

  test.each([
    ['nothing', ''],
    ['an empty message', '\n\0'],
    ['what is no answer to OTLP', '<html>ok</html>'],
  ])('is not, where it answers %s', async (_, body) => {
    const backend = await listenBackend();
    backend.answer = () => ({ body });
    const { backlog, add, count, result } = await backlogFor(tempo(backend));
    await add('a');
    await backlog.drained(10_000);
    expect([await count(rejected), await result('ok')]).toEqual([0, 1]);
  });
});
