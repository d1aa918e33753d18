import { initializeLogger, log } from '@livekit/agents';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bridgeLogger } from '../../../src/agent/livekit/logger-bridge.ts';
import type { LogItem } from '../../../src/agent/telemetry/log-pipeline.ts';

let items: LogItem[];
let stop: () => void;
const bridge = (allowPii = false) => {
  stop = bridgeLogger({
    emit: (item) => items.push(item),
    allowPii: () => allowPii,
    context: () => ROOT_CONTEXT,
  });
};
/** The SDK's real logger, with its standard output suppressed. */
const makeLogger = (level = 'trace') => {
  const { write } = process.stdout;
  process.stdout.write = () => true;
  initializeLogger({ pretty: false, level });
  restore = () => {
    process.stdout.write = write;
  };
};
let restore = () => {};

beforeEach(() => {
  items = [];
});
afterEach(() => {
  stop();
  restore();
  restore = () => {};
});

const key = Symbol.for('@livekit/agents:logger');
const emitted = () => items.map(({ severity, body, attributes }) => [severity, body, attributes]);

test('lines of a logger created later and of its children are emitted', () => {
  bridge();
  makeLogger();
  log().info({ a: 1, flag: true, list: [1] }, 'one');
  log().child({ room_id: 'RM_1', plugin: 'vad' }).warn('two');
  expect(emitted()).toEqual([
    ['INFO', 'one', { a: 1, flag: true, list: '[1]' }],
    ['WARN', 'two', { plugin: 'vad' }],
  ]);
  expect(items[0]?.at).toBeGreaterThan(Date.now() - 60_000);
});

test('lines of an existing logger are emitted once', () => {
  makeLogger();
  bridge();
  // The SDK creates a child logger in a job process.
  Object.assign(globalThis, { [key]: log().child({ jobID: 'AJ_1' }) });
  log().info('one');
  expect(emitted()).toEqual([['INFO', 'one', {}]]);
});

test.each([
  ['trace', 'TRACE'],
  ['debug', 'DEBUG'],
  ['info', 'INFO'],
  ['warn', 'WARN'],
  ['error', 'ERROR'],
  ['fatal', 'FATAL'],
] as const)('%s is %s', (level, severity) => {
  bridge();
  makeLogger();
  log()[level]('a');
  expect(items.map((item) => item.severity)).toEqual([severity]);
});

test('an unreadable line does not throw in the writer, and the next one is emitted', () => {
  bridge();
  makeLogger();
  const logger = log();
  const symbol = Object.getOwnPropertySymbols(logger)
    .concat(Object.getOwnPropertySymbols(Object.getPrototypeOf(logger)))
    .find(({ description }) => description === 'pino.stream') as symbol;
  const { streams } = (logger as unknown as Record<symbol, { streams: { stream: NodeJS.WritableStream }[] }>)[
    symbol
  ]!;
  for (const { stream } of streams) {
    for (const line of ['null', '7', '"a"', '{']) expect(() => stream.write(line)).not.toThrow();
  }
  log().info('next');
  expect(emitted().at(-1)).toEqual(['INFO', 'next', {}]);
});

test('lines below the log level are not emitted', () => {
  bridge();
  makeLogger('warn');
  log().info('a');
  expect(items).toEqual([]);
});

test('after the stop nothing is emitted, and the logger keeps working', () => {
  bridge();
  makeLogger();
  stop();
  log().info('a');
  expect(items).toEqual([]);
  expect(Object.getOwnPropertyDescriptor(globalThis, key)).toMatchObject({ writable: true });
});

describe('content', () => {
  const error = new TypeError('no booking for Ms Miller');
  const write = () => {
    makeLogger();
    log().info({ 'lk.pii.name': 'Miller', nested: { 'lk.pii.a': 1, b: { pii: 2, c: 3 } } }, 'found');
    log().error({ error }, 'failed');
    log().error({ error: error.message, cause: { error: 'Miller' } }, 'failed again');
    log().error(error);
  };

  test('is removed from attributes, and from errors except type and location', () => {
    bridge();
    write();
    expect(JSON.stringify(items)).not.toContain('Miller');
    const redacted = 'exception details redacted';
    const where = { 'code.stacktrace': expect.stringMatching(/^ {4}at /) };
    expect(emitted()).toEqual([
      ['INFO', 'found', { nested: '{"b":{"c":3}}' }],
      ['ERROR', 'failed', { 'exception.type': 'TypeError', 'exception.message': redacted, ...where }],
      ['ERROR', 'failed again', { error: redacted, cause: `{"error":"${redacted}"}` }],
      [
        'ERROR',
        `TypeError: ${redacted}`,
        { 'exception.type': 'TypeError', 'exception.message': redacted, ...where },
      ],
    ]);
  });

  test('is kept where it is allowed', () => {
    bridge(true);
    write();
    expect(items[0]?.attributes['lk.pii.name']).toBe('Miller');
    expect(items[1]?.attributes).toMatchObject({
      'exception.message': error.message,
      'exception.stacktrace': error.stack,
    });
    expect(items[3]?.body).toBe(error.message);
  });
});
