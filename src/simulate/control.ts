import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type IncidentSwitches, incidentNames, incidentSpecs, isIncident } from './incidents.ts';

export interface ControlOptions {
  /** Port on 127.0.0.1; if it is taken, a free one is used instead. */
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
