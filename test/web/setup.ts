import { afterAll, afterEach } from 'vitest';
import { closeAfterTests } from '../closing.ts';
import { closePages, leaveBrowser } from './browser.ts';

// For each file anew, also where files share their modules. Hooks run last first: pages are closed before the gateways
// that they follow.
closeAfterTests();
afterEach(closePages);
afterAll(leaveBrowser);
