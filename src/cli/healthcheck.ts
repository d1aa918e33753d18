import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import type { Command } from 'commander';
import { baseUrl } from '../http/address.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The commands that serve until they are stopped: the prefix of their variables, and their default port. */
const servers: Readonly<Record<string, { variables: string; port: string }>> = {
  gateway: { variables: 'TALKGAUGE_GATEWAY', port: '9465' },
  simulate: { variables: 'TALKGAUGE', port: '9464' },
};
/** Subcommands of `simulate` that end by themselves. */
const finite = ['incident', 'history'];

const timeoutMs = 3000;

/** Adds `talkgauge healthcheck`, which the image's HEALTHCHECK runs. */
export function addHealthcheck(program: Command): void {
  program
    .command('healthcheck')
    .description('exit with 0 if the server in this container is ready, else with 1')
    .argument('[command...]', 'the running command, such as gateway (default: the command of process 1)')
    .allowUnknownOption()
    .action(async (given: string[]) => {
      const command = given.length > 0 ? given : commandOf(readFileSync('/proc/1/cmdline', 'utf8'));
      const url = readinessUrl(command, process.env);
      if (url !== undefined) await checkReady(url);
    });
}

/**
 * The arguments of talkgauge in the command line of a process, as `/proc/PID/cmdline` has it. An init, which passes signals
 * on, has them behind its own.
 *
 * @throws Error if it is not talkgauge that runs there
 */
export function commandOf(cmdline: string): string[] {
  const words = cmdline.split('\0').slice(0, -1);
  const at = words.findIndex((word) => basename(word) === 'talkgauge' || word.endsWith('/dist/cli.js'));
  if (at < 0) {
    throw new Error(
      'process 1 is not talkgauge; name the command that runs, as in: talkgauge healthcheck gateway',
    );
  }
  return words.slice(at + 1);
}

/**
 * The readiness URL of a command's server; undefined if the command serves nothing, so that running means healthy.
 *
 * @throws Error if the port cannot be known
 */
export function readinessUrl([name = '', ...args]: readonly string[], env: Environment): string | undefined {
  const server = Object.hasOwn(servers, name) ? servers[name] : undefined;
  if (!server || finite.includes(args[0] ?? '')) return undefined;
  const { variables } = server;
  const { values } = parseArgs({
    args: [...args],
    options: { port: { type: 'string' }, host: { type: 'string' } },
    strict: false,
    allowPositionals: true,
  });
  const setting = (flag: unknown, variable: string, otherwise: string) =>
    String(flag ?? (env[`${variables}_${variable}`]?.trim() || otherwise));
  const port = Number(setting(values.port, 'PORT', server.port));
  if (!Number.isInteger(port) || port <= 0) {
    throw new Error(`the port of talkgauge ${name} cannot be known; set ${variables}_PORT to a fixed one`);
  }
  const host = setting(values.host, 'HOST', '127.0.0.1');
  const scheme = env[`${variables}_TLS_CERT`] ? 'https' : 'http';
  return `${baseUrl(scheme, host, port)}/readyz`;
}

/** @throws Error unless the answer is 200 */
function checkReady(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const secure = url.startsWith('https:');
    // The certificate names another host, and this server is local.
    const options = { timeout: timeoutMs, ...(secure && { rejectUnauthorized: false }) };
    const asked = (secure ? httpsRequest : httpRequest)(url, options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => {
        if (response.statusCode === 200) return resolve();
        reject(new Error(`${url} answered ${response.statusCode}: ${body.trim()}`));
      });
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    asked.on('error', (error) => reject(new Error(`${url} cannot be reached: ${error.message}`)));
    asked.end();
  });
}
