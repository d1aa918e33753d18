import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const root = join(import.meta.dirname, '../..');

export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Parses YAML with `<<:` merge keys, like Compose. */
export const readYaml = <T>(path: string): T => parse(read(path), { merge: true }) as T;

/** A service of docker-compose.yml, with the fields that the tests read. */
export interface Service {
  image?: string;
  build?: string;
  user?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  tmpfs?: string[];
  volumes?: string[];
  ports?: string[];
  networks?: string[] | Record<string, { aliases?: string[] }>;
  environment?: Record<string, string>;
  command?: string[];
  profiles?: string[];
  restart?: string;
  mem_limit?: string;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  logging?: { options: Record<string, string> };
}

export interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, object>;
  networks: Record<string, { internal?: boolean }>;
}

/** A text with no variable set: `${NAME:-default}`, which may nest, becomes its default, and `${NAME:+value}` is removed. */
export function withDefaults(text: string): string {
  const filled = text.replaceAll(/\$\{\w+:-([^${}]*)\}/g, '$1').replaceAll(/\$\{\w+:\+[^${}]*\}/g, '');
  return filled === text ? text : withDefaults(filled);
}

/**
 * A configuration with its examples enabled: comment signs are removed from lines that are YAML (`# key: value`), and
 * kept on prose.
 */
export const withExamplesEnabled = (yaml: string): string =>
  yaml.replaceAll(/^( *)# ( *(?:- )?[a-z_]+:.*)$/gm, '$1$2');
