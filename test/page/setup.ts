import { afterAll, afterEach } from 'vitest';
import { closeGateways } from '../gateway/running.ts';
import { closePages, leaveBrowser } from './browser.ts';

// For each file anew, also where files share their modules. Hooks run last first: pages are closed before the gateways
// that they follow.
afterEach(closeGateways);
afterEach(closePages);
afterAll(leaveBrowser);
