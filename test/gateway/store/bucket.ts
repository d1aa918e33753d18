import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BucketOptions } from '../../../src/objects/bucket.ts';
import { closeAfterTest } from '../../closing.ts';
import { bodyOf } from '../../request-body.ts';

export interface Bucket {
  options: BucketOptions;
  objects: Map<string, Buffer>;
  /** Whether it answers 503 to everything. */
  away: boolean;
  /** Statuses of refused requests by key. */
  refuses: Map<string, number>;
  /** All requests, as `GET key`. */
  asked: string[];
}

const secretAccessKey = 'secret';
const hash = (data: string) => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();

/** The expected signature of a request according to AWS Signature Version 4. */
function signatureOf(request: IncomingMessage, url: URL, scope: string, signed: string): string {
  const query = [...url.searchParams]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join('&');
  const headers = signed.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const canonical = [
    request.method,
    url.pathname,
    query,
    headers.join(''),
    signed,
    request.headers['x-amz-content-sha256'],
  ].join('\n');
  const [day = '', region = '', service = '', end = ''] = scope.split('/');
  const key = [day, region, service, end].reduce<string | Buffer>(
    (key, part) => hmac(key, part),
    `AWS4${secretAccessKey}`,
  );
  const toSign = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, hash(canonical)].join('\n');
  return hmac(key, toSign).toString('hex');
}

/** A bucket in memory. It lists three keys per page. */
export async function listenBucket(): Promise<Bucket> {
  const objects = new Map<string, Buffer>();
  const server = createServer(async (request, response) => {
    const sent = await bodyOf(request);
    if (!sent) return;
    const url = new URL(request.url ?? '', 'http://bucket');
    const key = url.pathname.replace(/^\/calls\/?/, '');
    bucket.asked.push(`${request.method} ${key || url.searchParams.get('prefix')}`);
    const answer = (
      status: number,
      body: string | Buffer = '',
      headers: Record<string, string | number> = {},
    ) => response.writeHead(status, headers).end(body);
    if (bucket.away) return answer(503, '<Error><Code>SlowDown</Code></Error>');
    const [, id, scope = '', signed = '', signature] =
      request.headers.authorization?.match(
        /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\S+), SignedHeaders=(\S+), Signature=(\w+)$/,
      ) ?? [];
    if (id !== 'id' || signature !== signatureOf(request, url, scope, signed)) {
      return answer(403, '<Error><Code>SignatureDoesNotMatch</Code></Error>');
    }
    const refusal = bucket.refuses.get(key);
    if (refusal) return answer(refusal, '<Error><Code>Refused</Code></Error>');
    if (request.method === 'PUT') {
      if (request.headers['content-length'] === undefined) return answer(411);
      objects.set(key, sent);
      return answer(200);
    }
    if (request.method === 'DELETE') return answer(objects.delete(key) ? 204 : 404);
    if (url.searchParams.get('list-type') === '2') {
      const prefix = url.searchParams.get('prefix') ?? '';
      const all = [...objects.keys()].filter((each) => each.startsWith(prefix)).sort();
      const after = url.searchParams.get('continuation-token') ?? '';
      const page = all.filter((each) => each > after).slice(0, 3);
      const last = page.at(-1);
      const next =
        last !== undefined && last !== all.at(-1)
          ? `<NextContinuationToken>${last}</NextContinuationToken>`
          : '';
      return answer(
        200,
        `<List>${page.map((each) => `<Contents><Key>${each}</Key></Contents>`).join('')}${next}</List>`,
      );
    }
    const object = objects.get(key);
    if (!object) return answer(404, '<Error><Code>NoSuchKey</Code></Error>');
    const [, from, to] = request.headers.range?.match(/^bytes=(\d*)-(\d*)$/) ?? [];
    if (from === undefined) return answer(200, object, { 'content-length': object.length });
    const start = from === '' ? object.length - Number(to) : Number(from);
    if (start >= object.length) return answer(416);
    const end = from === '' || to === '' ? object.length - 1 : Math.min(Number(to), object.length - 1);
    const part = object.subarray(start, end + 1);
    answer(206, part, {
      'content-length': part.length,
      'content-range': `bytes ${start}-${end}/${object.length}`,
    });
  }).listen(0, '127.0.0.1');
  closeAfterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const bucket: Bucket = {
    options: {
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      bucket: 'calls',
      prefix: 'talkgauge/',
      accessKeyId: 'id',
      secretAccessKey,
    },
    objects,
    away: false,
    refuses: new Map(),
    asked: [],
  };
  return bucket;
}
