import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** The incidents that can be switched during a run, in the order of their keys. */
export const incidentSpecs = {
  'slow-llm': 'openai takes six times as long to the first token',
  'provider-down': 'openai refuses all requests; only fallbacks help',
  'tts-stall': 'half of the syntheses of cartesia stall for seconds',
  'crash-loop': 'jobs of the agent support crash soon after their start',
  'bad-version': 'front-desk 2.5.0 takes over: slow, and its tools fail',
} as const;

export type IncidentName = keyof typeof incidentSpecs;

export const incidentNames = Object.keys(incidentSpecs) as IncidentName[];

export const isIncident = (name: string): name is IncidentName => Object.hasOwn(incidentSpecs, name);

export interface Incidents {
  active(name: IncidentName): boolean;
}

export interface IncidentSwitches extends Incidents {
  set(name: IncidentName, on: boolean): void;
  /** The active incidents, in the order of {@link incidentNames}. */
  list(): IncidentName[];
}

const fileName = 'incidents.json';

/** The maximum age of a job's view of the incidents, in milliseconds. */
const maxAgeMs = 250;

/**
 * The worker's switches. Their state is a small file in the run's directory, because running jobs must see changes, and the
 * SDK has no channel from a worker to its jobs.
 */
export function createIncidents(directory: string, initial: readonly IncidentName[] = []): IncidentSwitches {
  const on = new Set<IncidentName>(initial);
  const list = () => incidentNames.filter((name) => on.has(name));
  const path = join(directory, fileName);
  const write = () => {
    // Renamed into place, so that a job never reads a partial file.
    writeFileSync(`${path}.new`, JSON.stringify(list()));
    renameSync(`${path}.new`, path);
  };
  write();
  return {
    active: (name) => on.has(name),
    list,
    set(name, state) {
      if (state) on.add(name);
      else on.delete(name);
      write();
    },
  };
}

/** A job's view of the switches of its worker; without a readable file no incident is active. */
export function watchIncidents(directory: string): Incidents {
  let cached: readonly string[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  return {
    active(name) {
      const now = performance.now();
      if (now - readAt > maxAgeMs) {
        readAt = now;
        try {
          cached = JSON.parse(readFileSync(join(directory, fileName), 'utf8')) as string[];
        } catch {
          cached = [];
        }
      }
      return cached.includes(name);
    },
  };
}

export interface ControlOptions {
  /** Port on 127.0.0.1; if it is in use, a free one is used instead. */
  port: number;
  incidents: IncidentSwitches;
}

export interface Control {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the incident switches on 127.0.0.1: `GET /incidents` shows them, `POST /incidents/NAME?on=true` (or
 * `false`) sets one.
 */
export async function listenControl({ port, incidents }: ControlOptions): Promise<Control> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const [, folder, name = '', ...rest] = url.pathname.split('/');
    if (folder !== 'incidents' || rest.length > 0) {
      return send(response, 404, { error: 'There is only /incidents and /incidents/NAME.' });
    }
    if (name === '' && request.method === 'GET') return send(response, 200, describe(incidents));
    if (!isIncident(name)) {
      return send(response, 404, {
        error: `There is no incident ${name}; choose from ${incidentNames.join(', ')}.`,
      });
    }
    if (request.method !== 'POST') return send(response, 405, { error: 'POST to switch an incident.' });
    const on = url.searchParams.get('on') ?? 'true';
    if (on !== 'true' && on !== 'false') {
      return send(response, 400, { error: 'on is true or false.' });
    }
    incidents.set(name, on === 'true');
    return send(response, 200, describe(incidents));
  });
  await listen(server, port).catch(() => listen(server, 0));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<unknown> {
  server.listen(port, '127.0.0.1');
  return once(server, 'listening');
}

const describe = (incidents: IncidentSwitches) =>
  Object.fromEntries(
    incidentNames.map((name) => [name, { on: incidents.active(name), does: incidentSpecs[name] }]),
  );

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body, undefined, 2)}\n`);
}
