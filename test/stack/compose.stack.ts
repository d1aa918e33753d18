import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { one, tokenOf, upload } from '../gateway/uploads.ts';
import { certificate } from '../http/certificate.ts';
import {
  availableServices,
  createProject,
  missingForService,
  missingRequirements,
  omittedServices,
  type Project,
} from './compose-project.ts';
import { buildImage, docker, inspect, removeImage, skipSuffix } from './engine.ts';
import { eventually } from './programs.ts';
import { read } from './repository.ts';
import {
  arrived,
  type Call,
  dataOf,
  type Rule,
  readStoredData,
  rereadStoredData,
  type StackData,
  scraped,
} from './stack-data.ts';

const has = (service: string) => availableServices.includes(service);
const noGrafana = missingForService('grafana');

/** The unchanged docker-compose.yml on a Docker engine, including the demo. */
describe.skipIf(missingRequirements.length > 0)(
  `the stack${skipSuffix(missingRequirements)}${omittedServices}`,
  () => {
    let image: string;
    let project: Project;
    let data: StackData;
    let call: Call;

    beforeAll(async () => {
      image = await buildImage();
      project = await createProject(image);
      await project.up();
      data = dataOf(project);
      await data.silence();
      await data.silencesWritten();
      call = await data.newCall();
    });
    afterAll(async () => {
      await project?.remove();
      await removeImage(image);
    });

    test('all services are healthy', async () => {
      expect(await project.health()).toEqual(
        Object.fromEntries(availableServices.map((name) => [name, 'healthy'])),
      );
    });

    test('the gateway, with its port on loopback, logs no warning', async () => {
      expect(await project.compose('logs', 'gateway')).not.toContain('WARNING');
    });

    test('each runs as non-root with a read-only image and a memory limit', async () => {
      for (const service of availableServices) {
        const id = (await project.compose('ps', '--quiet', service)).trim();
        const { Config, HostConfig } = await inspect(id);
        expect([service, Config.User]).toEqual([service, expect.stringMatching(/^[1-9]\d*:\d+$/)]);
        expect([service, HostConfig.ReadonlyRootfs, HostConfig.Memory > 0]).toEqual([service, true, true]);
      }
    });

    test('each service listens on loopback only', async () => {
      const ids = (await project.compose('ps', '--quiet')).trim().split('\n');
      const hosts = await docker(['inspect', '--format', '{{json .HostConfig.PortBindings}}', ...ids]);
      const bound = [...hosts.matchAll(/"HostIp":"([^"]*)"/g)].map(([, host]) => host);
      expect(bound.length).toBeGreaterThanOrEqual(3);
      expect(new Set(bound)).toEqual(new Set(['127.0.0.1']));
    });

    test('a container in the network of agents reaches neither Grafana nor Alertmanager nor any other network', async () => {
      const reach = (url: string) =>
        project.compose('exec', '-T', 'demo', 'node', '-e', `await fetch(${JSON.stringify(url)})`);
      await reach('http://gateway:9465/healthz');
      await expect(reach('http://alertmanager:9093/-/ready')).rejects.toThrow('fetch failed');
      await expect(reach('http://grafana:3000/api/health')).rejects.toThrow('fetch failed');
      await expect(reach('http://192.0.2.1/')).rejects.toThrow('fetch failed');
    });

    test('every scrape target is up', async () => {
      const jobs = { demo: 'livekit-agents', gateway: 'talkgauge-gateway' };
      const wanted = availableServices
        .map((name) => (Object.hasOwn(jobs, name) ? jobs[name as 'demo'] : name))
        .toSorted();
      const targets = await eventually(
        async () => {
          const targetsUp = (await data.targets()).filter(({ labels }) => wanted.includes(labels.job));
          return targetsUp.length === wanted.length && targetsUp.every(({ health }) => health === 'up')
            ? targetsUp
            : undefined;
        },
        'all targets',
        120_000,
      );
      expect(targets.map(({ labels }) => labels.job).toSorted()).toEqual(wanted);
      expect(targets.find(({ labels }) => labels.job === 'livekit-agents')?.labels.instance).toBe(
        'demo:9464',
      );
    });

    test('every rule was evaluated or can be evaluated, and none fails', async () => {
      // Rules with an interval of half an hour may not have been evaluated yet.
      const isSoon = ({ interval }: Rule) => interval <= 300;
      const rules = await eventually(
        async () => {
          const targetsUp = await data.rules();
          return targetsUp.some((rule) => isSoon(rule) && rule.health === 'unknown') ? undefined : targetsUp;
        },
        'the evaluation of all rules with an interval of up to five minutes',
        600_000,
      );
      expect(rules.length).toBeGreaterThan(300);
      const later = rules.filter((rule) => rule.health === 'unknown' && !isSoon(rule));
      expect(rules.filter((rule) => rule.health !== 'ok' && !later.includes(rule))).toEqual([]);
      for (const { name, query } of later)
        expect([name, await data.errorOf(query)]).toEqual([name, undefined]);
    });

    test('a call of the demo is on the page with audio, in Tempo, in Loki and in Prometheus', async () => {
      const page = await data.read('/');
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      const sound = await data.read(`/api/sessions/${call.id}/audio`);
      const start = Buffer.from(await sound.arrayBuffer()).toString('latin1', 0, 4);
      expect([sound.status, start]).toEqual([200, 'OggS']);
      expect(call.traceId).toMatch(/^[0-9a-f]{32}$/);
      await arrived(data, call);
      // Prometheus scrapes only the newest exemplar of a bucket, so later calls may replace that of this call.
      await eventually(
        async () => {
          for (const id of await data.completed()) {
            const [traceId = ''] = (await data.session(id)).traceIds;
            if ((await data.inPrometheus({ id, traceId })) === 0) continue;
            await arrived(data, { id, traceId });
            return true;
          }
          return undefined;
        },
        'an exemplar in a latency panel that links to a call',
        180_000,
      );
    });

    test.skipIf(!has('grafana'))(
      `Grafana has all boards, and accepts the generated password of its administrator${skipSuffix(noGrafana)}`,
      async () => {
        expect(await data.boards()).toContain('talkgauge-fleet');
        const anonymous = await fetch(`${project.urls.grafana}/api/search`);
        expect(anonymous.status).toBe(401);
      },
    );

    describe.each(availableServices)('%s', (service) => {
      const lost = async (disturb: () => Promise<unknown>) => {
        await arrived(data, call);
        const until = scraped();
        const before = await readStoredData(data, call, until);
        expect(before.samples).toBeGreaterThan(100);
        await disturb();
        const after = () => rereadStoredData(data, before, call, until);
        await expect.poll(after, { timeout: 120_000, interval: 1000 }).toEqual(before);
        return before;
      };

      test('loses no data in a restart', async () => {
        await lost(() => project.restart(service));
      });

      test('is restarted after a kill and loses no data, and calls continue', async () => {
        const { completed } = await lost(() => project.crash(service));
        const next = await data.newCall(completed);
        await arrived(data, next);
      });
    });

    test('down and up lose no data', async () => {
      const boards = has('grafana') ? await data.boards() : [];
      await arrived(data, call);
      const until = scraped();
      const before = await readStoredData(data, call, until);
      await project.compose('down');
      await project.up();
      const after = () => rereadStoredData(data, before, call, until);
      await expect.poll(after, { timeout: 120_000, interval: 1000 }).toEqual(before);
      expect(has('grafana') ? await data.boards() : []).toEqual(boards);
    });

    test('the removed key of the demo is refused, as documented in docs/stack.md', async () => {
      const drawn = await project.compose('exec', '-T', 'demo', 'cat', '/keys/demo.yml');
      const [, issuer = '', secret = ''] = drawn.match(/^(\S+): "(\S+)"$/m) ?? [];
      const status = async () =>
        (
          await upload(project.urls.gateway, one('full-08-logs'), {
            token: await tokenOf({ issuer, secret }),
          })
        ).status;
      expect(await status()).toBe(200);
      const commands = read('docs/stack.md').match(
        /^docker compose .*\n.*\/keys\/demo\.yml\n.*gateway$/m,
      )?.[0];
      const documented = commands?.replaceAll('--profile demo ', '').split('\n') ?? [];
      expect(documented).toHaveLength(3);
      for (const line of documented) await project.compose(...line.split(' ').slice(2));
      await eventually(
        async () => (await status().catch(() => 0)) === 401 || undefined,
        'a refusal',
        120_000,
      );
    });

    test("the gateway serves HTTPS with the user's certificate, and is healthy", async () => {
      const { cert, key } = certificate('gateway.example.com');
      writeFileSync(join(project.folder, 'secrets/gateway/tls.crt'), cert);
      writeFileSync(join(project.folder, 'secrets/gateway/tls.key'), key);
      appendFileSync(join(project.folder, '.env'), 'GATEWAY_TLS=true\n');
      await project.compose('up', '--detach', '--no-build', '--no-deps', '--wait', 'gateway');
      const url = `${project.urls.gateway.replace('http:', 'https:')}/healthz`;
      const [response] = (await once(get(url, { ca: cert }), 'response')) as [IncomingMessage];
      response.resume();
      expect(response.statusCode).toBe(200);
    });
  },
);
