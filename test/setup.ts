import { closeAfterTests } from './closing.ts';

// What Talkgauge keeps on the process is of the file that ran before, where files share one.
const global = globalThis as { [key: symbol]: unknown };
for (const key of Object.getOwnPropertySymbols(global)) {
  if (key.description?.startsWith('talkgauge.')) delete global[key];
}

closeAfterTests();
