import { expect, test } from 'vitest';
import { withFlagNames } from '../../src/cli/flags.ts';

test.each([
  ['pass { port } or set TALKGAUGE_PORT', 'pass --port or set TALKGAUGE_PORT'],
  ['pass { gatewayPort } or', 'pass --gateway-port or'],
  ['pass { host, port } or', 'pass --host and --port or'],
  ['the answer {"a": 1}', 'the answer {"a": 1}'],
])('options in %o are replaced by command-line flags', (message, expected) => {
  expect(withFlagNames(message)).toBe(expected);
});
