import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import type { ForwardHeaders } from '../gateway/forward/forwarder.ts';
import { OptionError } from '../options.ts';

const destinations = ['tempo', 'loki', 'prometheus'] as const;

const headersSchema = z.record(z.string().min(1).toLowerCase(), z.string());
const fileSchema = z.strictObject({
  tempo: headersSchema.optional(),
  loki: headersSchema.optional(),
  prometheus: headersSchema.optional(),
});

export interface HeaderSources {
  /** `name=value,name=value`, for all destinations. */
  all?: string;
  /** A YAML file: for each destination, `name: value` in each line. */
  file?: string;
  /** The process's: `TALKGAUGE_GATEWAY_TEMPO_HEADERS`, `…_LOKI_HEADERS`, `…_PROMETHEUS_HEADERS`. */
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * The headers for each destination: those of its variable, then those of the file, then those for all.
 *
 * @throws OptionError for what cannot be used; it quotes no value
 */
export function forwardHeaders({ all, file, env }: HeaderSources): ForwardHeaders {
  const common = pairsOf(all, '--forward-headers');
  const fromFile: ForwardHeaders = file ? headersIn(file) : {};
  return Object.fromEntries(
    destinations.map((destination) => {
      const variable = `TALKGAUGE_GATEWAY_${destination.toUpperCase()}_HEADERS`;
      return [destination, { ...common, ...fromFile[destination], ...pairsOf(env[variable], variable) }];
    }),
  );
}

function headersIn(file: string): ForwardHeaders {
  let found: unknown;
  try {
    found = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    // What YAML's parser says quotes the line.
    throw new OptionError(
      `The headers in ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
  const { success, data } = fileSchema.safeParse(found ?? {});
  if (success) return data;
  throw new OptionError(
    `${file} must hold, for each of tempo, loki and prometheus, one "name: value" in each line, indented below its name.`,
  );
}

/** In lower case: of a name that is spelled in two ways, both would be sent. */
function pairsOf(pairs: string | undefined, source: string): Record<string, string> {
  if (!pairs) return {};
  return Object.fromEntries(
    pairs.split(',').map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) throw new OptionError(`${source} takes name=value,name=value.`);
      return [pair.slice(0, at).trim().toLowerCase(), pair.slice(at + 1).trim()];
    }),
  );
}
