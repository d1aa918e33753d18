import { closeAfterTests } from './closing.ts';

// Where test files share a process, the global state of Talkgauge is left over from the previous file.
const global = globalThis as { [key: symbol]: unknown };
for (const key of Object.getOwnPropertySymbols(global)) {
  if (key.description?.startsWith('talkgauge.')) delete global[key];
}

closeAfterTests();
