/** `npm run generate` writes the files that are made from the catalogue; with `-- --check` it says whether they are up to date. */
import { parseArgs } from 'node:util';
import { packagePath } from '../package.ts';
import { artefacts, drift, write } from './artefacts.ts';

const root = packagePath('');
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

if (values.check) {
  const problems = drift(artefacts(), root);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) {
    console.error('Run `npm run generate`, and commit what it changes.');
    process.exitCode = 1;
  }
} else {
  for (const path of write(artefacts(), root)) console.log(`wrote ${path}`);
}
