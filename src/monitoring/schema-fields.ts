import { code } from './markdown.ts';

/** What is read of a JSON schema. */
export interface Schema {
  type?: string;
  description?: string;
  enum?: readonly unknown[];
  default?: unknown;
  anyOf?: readonly Schema[];
  items?: Schema;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  additionalProperties?: Schema | boolean;
}

export function typeOf(schema: Schema): string {
  if (schema.enum) return schema.enum.map(String).join(', ');
  // A list in a query is one text or several.
  if (schema.anyOf)
    return [...new Set(schema.anyOf.map(typeOf))].filter((type) => type !== 'null').join(' or ');
  if (schema.type === 'array') return `${typeOf(schema.items ?? {})}[]`;
  return schema.type ?? 'any';
}

/** The rows of a table of the fields of an object, those of what it holds included: `sessions[].id`. */
export function fields(schema: Schema, prefix = ''): string[][] {
  const inner = schema.anyOf?.find(({ properties }) => properties) ?? schema;
  return Object.entries(inner.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const optional = !inner.required?.includes(name);
    const row = [code(path), `${typeOf(field)}${optional ? ', optional' : ''}`, field.description ?? ''];
    return [row, ...fields(field, `${path}.`), ...fields(field.items ?? {}, `${path}[].`)];
  });
}
