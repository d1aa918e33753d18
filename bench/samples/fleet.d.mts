import type { Fleet } from './model.d.mts';

export const largeFleet: Fleet;
