/** Events per minute: those of a call centre are too few for a rate per second to be read. */
export const perMinute = {
  unit: 'suffix:/min',
  /** @param expr a rate per second */
  of: (expr: string): string => `60 * ${expr}`,
} as const;
