import { z } from 'zod';
import { type Operation, operations } from './operations.ts';
import { errorSchema } from './schema.ts';

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
