import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createIncidents, watchIncidents } from '../../src/simulate/incidents.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('an incident', () => {
  test('that is switched on is seen by a job that runs already, and so is its end', async () => {
    const switches = createIncidents(directory);
    const job = watchIncidents(directory);
    expect(job.active('slow-llm')).toBe(false);
    switches.set('slow-llm', true);
    await vi.waitFor(() => expect(job.active('slow-llm')).toBe(true));
    expect(job.active('tts-stall')).toBe(false);
    switches.set('slow-llm', false);
    await vi.waitFor(() => expect(job.active('slow-llm')).toBe(false));
  });

  test('that was asked for at the start is on from the start', () => {
    createIncidents(directory, ['crash-loop']);
    expect(watchIncidents(directory).active('crash-loop')).toBe(true);
  });

  test('is listed in the order of its key, however often it is switched', () => {
    const switches = createIncidents(directory);
    switches.set('bad-version', true);
    switches.set('slow-llm', true);
    switches.set('slow-llm', true);
    expect(switches.list()).toEqual(['slow-llm', 'bad-version']);
  });

  test('does not go on for a job whose worker has gone', () => {
    expect(watchIncidents(join(directory, 'gone')).active('slow-llm')).toBe(false);
  });
});
