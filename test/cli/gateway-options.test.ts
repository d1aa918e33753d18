import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { forwardHeaders } from '../../src/cli/gateway-options.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'talkgauge-headers-'));
  file = join(folder, 'headers.yml');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('headers of a destination come from its variable, then the file, then the common headers', () => {
  writeFileSync(file, 'tempo:\n  Authorization: Bearer file\nloki:\n  X-Scope-OrgID: "7"\n');
  const env = { TALKGAUGE_GATEWAY_TEMPO_HEADERS: 'authorization=Bearer a=b, x-one = 1' };
  expect(forwardHeaders({ all: 'X-All=yes,authorization=Bearer all', file, env })).toEqual({
    tempo: { 'x-all': 'yes', authorization: 'Bearer a=b', 'x-one': '1' },
    loki: { 'x-all': 'yes', authorization: 'Bearer all', 'x-scope-orgid': '7' },
    prometheus: { 'x-all': 'yes', authorization: 'Bearer all' },
  });
  expect(forwardHeaders({ env: {} })).toEqual({ tempo: {}, loki: {}, prometheus: {} });
});

describe('an invalid source is an error that contains no header value', () => {
  test('a variable', () => {
    const env = { TALKGAUGE_GATEWAY_LOKI_HEADERS: 'sesame' };
    expect(() => forwardHeaders({ env })).toThrow(
      'TALKGAUGE_GATEWAY_LOKI_HEADERS takes name=value,name=value.',
    );
  });

  test.each([
    ['tempo: "sesame"', 'must hold, for each of tempo, loki and prometheus, one "name: value" in each line'],
    ['graphite:\n  a: sesame', 'must hold, for each of tempo, loki and prometheus'],
    ['a: sesame: b', 'cannot be read (BLOCK_AS_IMPLICIT_KEY).'],
  ])('the file %j', (text, message) => {
    writeFileSync(file, text);
    const refused = () => forwardHeaders({ file, env: {} });
    expect(refused).toThrow(message);
    expect(refused).not.toThrow('sesame');
  });

  test('a missing file', () => {
    expect(() => forwardHeaders({ file, env: {} })).toThrow(
      `The headers in ${file} cannot be read (ENOENT).`,
    );
  });
});
