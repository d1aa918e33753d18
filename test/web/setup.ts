import { afterAll, afterEach } from 'vitest';
import { closeAfterTests } from '../closing.ts';
import { closeBrowser, closePages } from './browser.ts';

// Registered for each file, even if files share modules. Hooks run in reverse order: pages are closed before the gateways
// whose changes they stream.
closeAfterTests();
afterEach(closePages);
afterAll(closeBrowser);
