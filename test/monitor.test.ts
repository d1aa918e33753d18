import { expect, test } from 'vitest';
import { monitor } from '../src/monitor.ts';

/** Reserved for documentation (RFC 5737): no machine has it, so nothing can listen there. */
const host = '192.0.2.1';

test('a metrics server that the system does not let start is reported, and stops nobody', async () => {
  const said: string[] = [];
  const monitoring = await monitor({ host, port: 0, log: (message) => said.push(message) });
  expect(monitoring.url).toBeUndefined();
  expect(said.join()).toContain(
    'Host 192.0.2.1 is no address of this machine; pass { host } or set EARSHOT_HOST',
  );
  expect(process.env.EARSHOT_SOCKET).toBeDefined();
  await monitoring.close();
  expect(process.env.EARSHOT_SOCKET).toBeUndefined();
});

test('with strict it is an error, after which nothing is left behind', async () => {
  await expect(monitor({ host, port: 0, strict: true })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  expect(process.env.EARSHOT_SOCKET).toBeUndefined();
});
