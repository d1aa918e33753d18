import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  createIncidents,
  type IncidentName,
  incidentNames,
  listenControl,
  watchIncidents,
} from '../../src/simulate/incidents.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('an incident', () => {
  test('is switched on and off for running jobs', async () => {
    const switches = createIncidents(directory);
    const job = watchIncidents(directory);
    expect(job.active('slow-llm')).toBe(false);
    switches.set('slow-llm', true);
    await vi.waitFor(() => expect(job.active('slow-llm')).toBe(true));
    expect(job.active('tts-stall')).toBe(false);
    switches.set('slow-llm', false);
    await vi.waitFor(() => expect(job.active('slow-llm')).toBe(false));
  });

  test('that is configured at startup is on from the start', () => {
    createIncidents(directory, ['crash-loop']);
    expect(watchIncidents(directory).active('crash-loop')).toBe(true);
  });

  test('is listed in key order, regardless of the order of switching', () => {
    const switches = createIncidents(directory);
    switches.set('bad-version', true);
    switches.set('slow-llm', true);
    switches.set('slow-llm', true);
    expect(switches.list()).toEqual(['slow-llm', 'bad-version']);
  });

  test('ends for a job when its worker has exited', () => {
    expect(watchIncidents(join(directory, 'gone')).active('slow-llm')).toBe(false);
  });
});

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function listen(port = 0) {
  const on = new Set<IncidentName>();
  const incidents = {
    active: (name: IncidentName) => on.has(name),
    list: () => [...on],
    set: (name: IncidentName, state: boolean) => void (state ? on.add(name) : on.delete(name)),
  };
  const control = await listenControl({ port, incidents });
  stops.push(control.close);
  return { control, on };
}

describe('the HTTP switches of the incidents', () => {
  test('show all incidents with description and state', async () => {
    const { control, on } = await listen();
    on.add('tts-stall');
    const shown = (await (await fetch(`${control.url}/incidents`)).json()) as Record<string, { on: boolean }>;
    expect(Object.keys(shown)).toEqual(incidentNames);
    expect(shown['tts-stall']?.on).toBe(true);
    expect(shown['slow-llm']).toEqual({
      on: false,
      does: 'openai takes six times as long to the first token',
    });
  });

  test('switch an incident on and off', async () => {
    const { control, on } = await listen();
    const first = await fetch(`${control.url}/incidents/slow-llm?on=true`, { method: 'POST' });
    expect([first.status, [...on]]).toEqual([200, ['slow-llm']]);
    await fetch(`${control.url}/incidents/slow-llm?on=false`, { method: 'POST' });
    expect([...on]).toEqual([]);
    await fetch(`${control.url}/incidents/bad-version`, { method: 'POST' });
    expect([...on]).toEqual(['bad-version']);
  });

  test.each([
    ['POST', '/incidents/flood', 404, 'There is no incident flood; choose from slow-llm, provider-down,'],
    ['POST', '/incidents/slow-llm?on=maybe', 400, 'on is true or false.'],
    ['GET', '/incidents/slow-llm', 405, 'POST to switch an incident.'],
    ['GET', '/', 404, 'There is only /incidents and /incidents/NAME.'],
    ['POST', '/incidents/slow-llm/now', 404, 'There is only /incidents and /incidents/NAME.'],
  ])('answer %s %s with %i and the next step', async (method, path, status, message) => {
    const { control, on } = await listen();
    const response = await fetch(control.url + path, { method });
    expect(response.status).toBe(status);
    expect(((await response.json()) as { error: string }).error).toContain(message);
    expect(on.size).toBe(0);
  });

  test('use a free port when their default port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    stops.push(() => new Promise((resolve) => other.close(resolve)));
    const { port } = other.address() as { port: number };
    const { control } = await listen(port);
    expect(new URL(control.url).port).not.toBe(String(port));
    expect((await fetch(`${control.url}/incidents`)).status).toBe(200);
  });
});
