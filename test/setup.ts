import { closeAfterTests } from './closing.ts';

closeAfterTests();
