import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { pipeline } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';

export interface BucketOptions {
  /** `https://s3.eu-central-1.amazonaws.com`, or that of anything that speaks S3. */
  endpoint: string;
  bucket: string;
  /** @default us-east-1 */
  region?: string;
  /** Prefix of all keys. @default none */
  prefix?: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** The object does not exist. */
export class NoSuchObject extends Error {
  override readonly name = 'NoSuchObject';
}

/** The bucket responded with an error status. */
export class BucketError extends Error {
  override readonly name = 'BucketError';
  /** Not `status`, which Express would take for the status of its own response. */
  readonly responseStatus: number;

  constructor(responseStatus: number, code: string | undefined) {
    super(`the bucket answered ${responseStatus}${code ? ` ${code}` : ''}`);
    this.responseStatus = responseStatus;
  }
}

/** Milliseconds without traffic after which a request is aborted. */
const idleTimeoutMs = 30_000;

/** Attempts of a request, and milliseconds before the second; the pause doubles. */
const maxAttempts = 3;
const initialBackoffMs = 200;

/** Of a connection that broke, or could not be made. Reading a file has other errors, and one that is stalled took long enough. */
const transientErrorCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** S3 responds with these statuses when it is overloaded or has a transient failure. */
const isTransientStatus = (status = 0): boolean => status === 429 || status >= 500;

/** A bucket, addressed by path-style requests. Transient failures are retried. */
export class Bucket {
  readonly #options: BucketOptions;

  constructor(options: BucketOptions) {
    this.#options = options;
  }

  /** @throws Error if it is not stored */
  async put(key: string, path: string): Promise<void> {
    const { size } = await stat(path);
    const response = await this.#send('PUT', this.#keyUrl(key), { 'content-length': String(size) }, path);
    (await expectOk(response)).resume();
  }

  /**
   * An object, or a part of it.
   *
   * @param range as in a `Range` header
   * @throws NoSuchObject, or Error if it is not available
   */
  async get(key: string, range?: string): Promise<IncomingMessage> {
    const response = await this.#send('GET', this.#keyUrl(key), range ? { range } : {});
    if (response.statusCode === 404) {
      response.resume();
      throw new NoSuchObject(`${key} is not in the bucket`);
    }
    // A range that lies beyond the end is the reader's business.
    return response.statusCode === 416 ? response : expectOk(response);
  }

  /** Removes an object; that it is not there is no error. */
  async remove(key: string): Promise<void> {
    await expectOk(await this.#send('DELETE', this.#keyUrl(key), {}), 404);
  }

  /** The keys that begin so, without the prefix. They must hold nothing that XML would write otherwise. */
  async keys(under: string): Promise<string[]> {
    const { prefix = '' } = this.#options;
    const found: string[] = [];
    for (let token: string | undefined, more = true; more; ) {
      const url = new URL(this.#bucketUrl());
      url.searchParams.set('list-type', '2');
      url.searchParams.set('prefix', prefix + under);
      if (token !== undefined) url.searchParams.set('continuation-token', token);
      const xml = await text(await expectOk(await this.#send('GET', url, {})));
      found.push(
        ...[...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key.slice(prefix.length)),
      );
      token = xml.match(/<NextContinuationToken>([^<]*)</)?.[1];
      more = token !== undefined;
    }
    return found;
  }

  #bucketUrl(): string {
    return `${this.#options.endpoint.replace(/\/+$/, '')}/${this.#options.bucket}`;
  }

  #keyUrl(key: string): URL {
    return new URL(`${this.#bucketUrl()}/${this.#options.prefix ?? ''}${key}`);
  }

  async #send(
    method: string,
    url: URL,
    headers: Record<string, string>,
    file?: string,
  ): Promise<IncomingMessage> {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await this.#attempt(method, url, headers, file);
        if (attempt === maxAttempts || !isTransientStatus(response.statusCode)) return response;
        response.resume();
      } catch (error) {
        if (attempt === maxAttempts || !transientErrorCodes.has((error as NodeJS.ErrnoException).code ?? ''))
          throw error;
      }
      await delay(initialBackoffMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
    }
  }

  async #attempt(
    method: string,
    url: URL,
    headers: Record<string, string>,
    file?: string,
  ): Promise<IncomingMessage> {
    const { accessKeyId, secretAccessKey, sessionToken, region = 'us-east-1' } = this.#options;
    const signer = new AwsV4Signer({
      method,
      url: url.href,
      accessKeyId,
      secretAccessKey,
      sessionToken,
      region,
      service: 's3',
    });
    const signed = await signer.sign();
    const all = { ...Object.fromEntries(signed.headers), ...headers, host: url.host };
    return new Promise((resolve, reject) => {
      const request = (url.protocol === 'https:' ? tlsRequest : plainRequest)(signed.url, {
        method,
        headers: all,
      });
      request.setTimeout(idleTimeoutMs, () =>
        request.destroy(Object.assign(new Error('the bucket does not answer'), { code: 'ETIMEDOUT' })),
      );
      request.on('error', reject);
      request.on('response', resolve);
      if (file === undefined) return void request.end();
      const source = createReadStream(file);
      // The error of the request would hide this one.
      source.on('error', reject);
      // Closes the file, however the request ends.
      pipeline(source, request, () => {});
      // An answer that came before the file's end is a refusal: the rest is not sent.
      request.on('response', (answer) => answer.on('close', () => source.destroy()));
    });
  }
}

async function expectOk(response: IncomingMessage, other?: number): Promise<IncomingMessage> {
  const { statusCode = 0 } = response;
  if ((statusCode >= 200 && statusCode < 300) || statusCode === other) {
    if (statusCode === 204 || statusCode === other) response.resume();
    return response;
  }
  const code = (await text(response)).match(/<Code>(\w+)<\/Code>/)?.[1];
  throw new BucketError(statusCode, code);
}

async function text(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
