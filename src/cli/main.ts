#!/usr/bin/env node
import { Command } from 'commander';
import { version } from '../package.ts';
import { addGateway } from './gateway.ts';
import { addGenerate } from './generate.ts';
import { addHealthcheck } from './healthcheck.ts';
import { addPrices } from './prices.ts';
import { addReplay } from './replay.ts';
import { addSimulate } from './simulate.ts';

const program = new Command('talkgauge')
  .description('Self-hosted observability for LiveKit voice agents')
  .version(version);
addSimulate(program);
addReplay(program);
addPrices(program);
addGenerate(program);
addGateway(program);
addHealthcheck(program);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`talkgauge: ${(error as Error).message}`);
  process.exitCode = 1;
}
