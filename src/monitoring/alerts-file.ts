import { parse } from 'yaml';
import { z } from 'zod';
import type { AlertChoices } from './settings.ts';

const duration = z.string().regex(/^([0-9]+(ms|[smhdwy]))+$/, 'It takes a duration such as 10m');

const form = z.strictObject({
  disable: z.array(z.string()).default([]),
  override: z
    .record(
      z.string(),
      z.strictObject({
        severity: z.enum(['critical', 'warning', 'info']).optional(),
        for: duration.optional(),
        labels: z
          .record(z.string().regex(/^[a-zA-Z_]\w*$/, 'It takes the name of a label'), z.string())
          .optional(),
      }),
    )
    .default({}),
});

/**
 * Reads what the user wants otherwise in single alerts, as YAML or JSON:
 * `{ disable: [TalkgaugeLabelOverflow], override: { LiveKitAgentToolSlow: { severity: info, for: 30m } } }`.
 *
 * @throws {Error} that names each entry that cannot be used, and what it takes
 */
export function parseAlertChoices(text: string): AlertChoices {
  const result = form.safeParse(parse(text) ?? {});
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the file'}: ${message}`,
  );
  throw new Error(`${problems.join('; ')}. It takes disable, a list of alerts, and override, by alert.`);
}
