import { inspect } from 'node:util';

/** An option or environment variable that cannot be used. The message has its name and the expected format. */
export class OptionError extends Error {
  override name = 'OptionError';
}

/** A value with the name of where it came from, for messages. */
interface OptionValue {
  value: unknown;
  name: string;
}

/** Reads options: an argument takes precedence over the environment, and the environment over the default. */
export class Options {
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(given?: object | null, env: Readonly<Record<string, string | undefined>> = process.env) {
    this.#given = (given ?? {}) as Record<string, unknown>;
    this.#env = env;
  }

  /** @throws {OptionError} unless it is a string that is not empty. */
  string(option: string, variables: string[]): string | undefined {
    return this.#read(option, variables, 'a text', (value) =>
      typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined,
    );
  }

  /** @throws {OptionError} unless it is a whole number in the range. */
  integer(option: string, variable: string, min: number, max: number): number | undefined {
    return this.#read(option, [variable], `a whole number from ${min} to ${max}`, (value) => {
      const number = typeof value === 'string' ? Number(value.trim() || Number.NaN) : value;
      return Number.isInteger(number) && Number(number) >= min && Number(number) <= max
        ? Number(number)
        : undefined;
    });
  }

  /** @throws {OptionError} unless it is a number in the range. */
  number(option: string, variable: string, min: number, max: number): number | undefined {
    return this.#read(option, [variable], `a number from ${min} to ${max}`, (value) => {
      const number = typeof value === 'string' ? Number(value.trim() || Number.NaN) : value;
      return typeof number === 'number' && number >= min && number <= max ? number : undefined;
    });
  }

  /** @throws {OptionError} unless it is true, false, 1, 0, yes, no, on or off. */
  boolean(option: string, variable: string): boolean | undefined {
    return this.#read(option, [variable], 'true or false', (value) => {
      if (typeof value === 'boolean') return value;
      if (/^(true|1|yes|on)$/i.test(String(value))) return true;
      return /^(false|0|no|off)$/i.test(String(value)) ? false : undefined;
    });
  }

  /** Labels: an object, or `name=value,name=value`. @throws {OptionError} for a name that Prometheus or Talkgauge cannot take. */
  labels(
    option: string,
    variable: string,
    reserved: ReadonlySet<string>,
  ): Record<string, string> | undefined {
    const form = 'labels as name=value,name=value, whose names are letters, digits and _';
    return this.#read(option, [variable], form, (value) => {
      if (typeof value !== 'string' && !isRecord(value)) return undefined;
      const entries =
        typeof value === 'string'
          ? value
              .split(',')
              .filter((pair) => pair.trim())
              .map((pair) => split(pair))
          : Object.entries(value);
      for (const [name, text] of entries) {
        if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) || name.startsWith('__') || typeof text !== 'string') {
          return undefined;
        }
        if (reserved.has(name)) {
          throw new OptionError(`The label ${name} is Talkgauge's own; give your label another name.`);
        }
      }
      return Object.fromEntries(entries);
    });
  }

  /**
   * Switches: true or false for all, an object, or as a text the names of those that are on, or `none`.
   * @throws {OptionError} for a name that is none of theirs.
   */
  switches<N extends string>(
    option: string,
    variable: string,
    names: readonly N[],
  ): Partial<Record<N, boolean>> | undefined {
    const all = (on: readonly unknown[]) =>
      Object.fromEntries(names.map((name) => [name, on.includes(name)])) as Record<N, boolean>;
    return this.#read(option, [variable], `true, false, or some of ${names.join(', ')}`, (value) => {
      if (typeof value === 'boolean') return all(value ? names : []);
      if (typeof value === 'string') {
        const on = value.split(',').map((name) => name.trim());
        if (on.length === 1 && on[0] === 'none') return all([]);
        return on.every((name) => names.includes(name as N)) ? all(on) : undefined;
      }
      if (!isRecord(value)) return undefined;
      const known = Object.entries(value).filter(([, on]) => on !== undefined);
      const good = known.every(([name, on]) => names.includes(name as N) && typeof on === 'boolean');
      return good ? (Object.fromEntries(known) as Partial<Record<N, boolean>>) : undefined;
    });
  }

  /** @throws {OptionError} if some of the variables are set and others are not. */
  requireTogether(variables: Record<string, string | undefined>): void {
    const missing = Object.keys(variables).filter((name) => variables[name] === undefined);
    if (missing.length === 0 || missing.length === Object.keys(variables).length) return;
    const names = Object.keys(variables).join(' and ');
    throw new OptionError(`${names} go together: set ${missing.join(', ')} too.`);
  }

  #read<T>(
    option: string,
    variables: string[],
    form: string,
    parse: (value: unknown) => T | undefined,
  ): T | undefined {
    const given = this.#find(option, variables);
    if (!given) return undefined;
    const parsed = parse(given.value);
    if (parsed !== undefined) return parsed;
    throw new OptionError(
      `${given.name}=${formatValue(given.value)} cannot be used: give ${form}, or leave it out.`,
    );
  }

  #find(option: string, variables: string[]): OptionValue | undefined {
    const value = this.#given[option];
    if (value !== undefined) return { value, name: option };
    const name = variables.find((variable) => (this.#env[variable] ?? '') !== '');
    return name === undefined ? undefined : { value: this.#env[name], name };
  }
}

function split(pair: string): [string, string | undefined] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair.trim(), undefined] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
}

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value as a message shows it. */
const formatValue = (value: unknown): string =>
  typeof value === 'string'
    ? JSON.stringify(value)
    : inspect(value, { breakLength: Number.POSITIVE_INFINITY });
