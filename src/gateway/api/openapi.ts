import { z } from 'zod';
import {
  detailSchema,
  errorSchema,
  facetsSchema,
  listQuerySchema,
  logsQuerySchema,
  logsSchema,
  pageSchema,
  peaksSchema,
  reportSchema,
  timelineSchema,
  traceSchema,
  transcriptSchema,
} from './schema.ts';

type Json = Record<string, unknown>;

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  return rest;
};

const failure = (description: string) => ({
  description,
  content: { 'application/json': { schema: jsonSchema(errorSchema, 'output') } },
});

function parameters({ path, query }: Operation): Json[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const { properties = {} } = query
    ? (jsonSchema(query, 'input') as { properties?: Record<string, Json> })
    : {};
  const inQuery = Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    ...(description !== undefined && { description }),
    schema,
  }));
  return [...inPath, ...inQuery];
}

function describe(operation: Operation): Json {
  const { summary, answer, note, path, query } = operation;
  return {
    summary,
    ...(note && { description: note }),
    parameters: parameters(operation),
    responses: {
      200: {
        description: 'OK',
        ...(answer && { content: { 'application/json': { schema: jsonSchema(answer, 'output') } } }),
      },
      ...(query && { 400: failure('A parameter cannot be used; the error names it') }),
      401: failure('It takes a login'),
      ...(path.includes('{id}') && { 404: failure('There is no such session, or it has none of this') }),
    },
  };
}

/** The API as OpenAPI 3.1. */
export function openApi(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) };
  }
  return { openapi: '3.1.0', info: { title: 'Talkgauge gateway', version }, paths };
}

/** The documentation of an operation of the API. */
export interface Operation {
  method: 'get' | 'delete';
  path: string;
  summary: string;
  query?: z.ZodObject;
  /** The schema of the body of a 200; undefined: no JSON, or no body. */
  answer?: z.ZodType;
  /** The responses in addition to 200, 400, 401 and 404. */
  note?: string;
}

export const operations: readonly Operation[] = [
  {
    method: 'get',
    path: '/api/sessions',
    summary: 'Lists sessions',
    query: listQuerySchema,
    answer: pageSchema,
  },
  {
    method: 'get',
    path: '/api/facets',
    summary: 'The values that a list can be filtered by',
    answer: facetsSchema,
  },
  {
    method: 'get',
    path: '/api/sessions/{id}',
    summary: 'One session',
    answer: detailSchema,
  },
  {
    method: 'delete',
    path: '/api/sessions/{id}',
    summary: 'Deletes a session and all of its files, for good; what still comes of it is refused',
    note: '204 when it is gone',
  },
  {
    method: 'get',
    path: '/api/sessions/{id}/transcript',
    summary: 'The conversation',
    answer: transcriptSchema,
  },
  {
    method: 'get',
    path: '/api/sessions/{id}/timeline',
    summary: 'Who spoke, thought and worked when, turn by turn, and what each turn waited for',
    answer: timelineSchema,
  },
  {
    method: 'get',
    path: '/api/sessions/{id}/trace',
    summary: 'The spans',
    answer: traceSchema,
    note: '503: eight others are being answered; ask again after `Retry-After`',
  },
  {
    method: 'get',
    path: '/api/sessions/{id}/logs',
    summary:
      "The agent's log, in the order of its time; what comes after a million lines is in the order in which it came",
    query: logsQuerySchema,
    answer: logsSchema,
    note: 'An answer has eight million characters at most, so that there may be fewer lines than `limit`: the next are at `offset` and as many as came',
  },
  {
    method: 'get',
    path: '/api/sessions/{id}/report',
    summary: "The SDK's report and its evaluations",
    answer: reportSchema,
  },
  {
    method: 'get',
    path: '/api/sessions/{id}/audio',
    summary: 'The recording: Ogg Opus, stereo, the user on the left and the agent on the right',
    note: 'Range requests are answered with 206, and with 416 what cannot be satisfied. 503: 64 others are being answered; ask again after `Retry-After`',
  },
  {
    method: 'get',
    path: '/api/sessions/{id}/peaks',
    summary: 'How loud the recording is over its time, of each channel, for drawing it',
    answer: peaksSchema,
    note: 'It is decoded when it is first asked for: 202 with `state: preparing` says to ask again. 409: there is none, with `reason: unreadable`, for it is no Ogg Opus, or `reason: slow`, for it took longer than three minutes. 503 with `reason: busy`: too many others wait for theirs; ask again after `Retry-After`',
  },
  {
    method: 'get',
    path: '/api/events',
    summary:
      'Server-sent events: `session`, with a summary, whenever one changes; `deleted`, with `{id}`. A comment every 25 seconds keeps proxies from ending it; after ten minutes it ends, and is to be asked for again',
  },
  {
    method: 'get',
    path: '/api/openapi.json',
    summary: 'This API, as OpenAPI 3.1',
  },
];
