import { z } from 'zod';
import { billableUnits, billedComponents, closeReasons, segments } from '../../catalogue/labels.ts';

/** The session report, as it is written. docs/reports.md is made from it. */

const at = (what: string) => z.number().describe(`${what}, in milliseconds since the epoch`);
const seconds = (what: string) => z.number().describe(`${what}, in seconds`);
const plain = z.record(z.string(), z.unknown());

const errorSchema = z.object({
  type: z.string(),
  label: z.string().optional().describe('What failed, such as `openai.LLM`'),
  recoverable: z.boolean().optional(),
  message: z.string().optional().describe('With `transcript` and `allowPii`'),
});

const turnSchema = z.object({
  number: z.number(),
  outcome: z.enum(['completed', 'interrupted', 'unanswered', 'abandoned']),
  tools: z.boolean().describe('Whether tools ran in it'),
  toolSeconds: seconds('How long they ran before the agent spoke'),
  e2eLatency: seconds('How long the caller waited').optional(),
  segments: z
    .record(z.enum(segments), z.number())
    .optional()
    .describe('What the wait consists of, in seconds; they sum to it'),
  user: plain.describe("The SDK's metrics of the user's message, in seconds"),
  reply: plain.optional().describe("The SDK's metrics of the agent's answer, in seconds"),
});

const costSchema = z.object({
  usd: z
    .number()
    .optional()
    .describe('US dollars at list prices, without `unpriced`; left out if nothing that was used has a price'),
  byComponent: z.record(z.string(), z.number()).describe('Dollars by kind of model'),
  unpriced: z
    .array(
      z.object({
        component: z.enum(billedComponents),
        provider: z.string(),
        model: z.string(),
        unit: z.enum(billableUnits),
        amount: z.number(),
      }),
    )
    .describe('Usage whose price is not known; it is not free'),
});

const recordingSchema = z.object({
  kind: z.enum(['sdk', 'egress']).describe('sdk: the SDK in the job; egress: LiveKit Egress'),
  id: z.string(),
  egressId: z.string().optional(),
  status: z
    .enum(['active', 'saved', 'failed', 'off'])
    .describe('active: it had not ended when the report was written; off: the switch `audio` is'),
  audioOnly: z.boolean().optional(),
  location: z
    .string()
    .optional()
    .describe(
      "A path or URL; of a file beside the report, its name; one that holds the room's name with `transcript` and `allowPii`",
    ),
  startedAt: at('When it began').optional(),
  endedAt: at('When it ended').optional(),
  duration: seconds('How long it is').optional(),
  bytes: z.number().optional(),
  error: z
    .object({
      code: z.string(),
      message: z.string().optional().describe('Of egress with `transcript` and `allowPii`'),
    })
    .optional(),
});

export const sessionReport = z.object({
  schemaVersion: z
    .literal(1)
    .describe('Grows when a field changes its meaning or goes; new ones may come without'),
  talkgaugeVersion: z.string(),
  sdkVersion: z.string().optional().describe('Of `@livekit/agents`'),
  jobId: z.string().optional(),
  roomId: z.string().optional().describe("The room's SID"),
  room: z.string().optional().describe("The room's name; with `transcript` and `allowPii`"),
  session: z.string().describe('Distinguishes the sessions of a job; it is in the name of the file'),
  agentName: z.string(),
  agentVersion: z.string(),
  startedAt: at('When the session began').optional(),
  timestamp: at('When the report was made'),
  durationSeconds: seconds('From the beginning of the session to its end').optional(),
  closeReason: z
    .enum(closeReasons)
    .optional()
    .describe("The SDK's; `other` for a reason of your own; left out if the session had not ended"),
  error: errorSchema.optional().describe('Why the session ended, if in error'),
  content: z
    .object({ transcript: z.boolean(), allowPii: z.boolean(), redaction: z.boolean() })
    .describe(
      "What of the conversation is in here: by Talkgauge's switches, and whether LiveKit demanded redaction",
    ),
  counts: z
    .object({
      turns: z.number(),
      interruptions: z.number().describe('Turns whose answer was cut off'),
      toolCalls: z.number(),
      toolErrors: z.number(),
      handoffs: z.number(),
      errors: z.number(),
    })
    .describe('How often it happened'),
  latency: z
    .object({
      turns: z.number().describe('Turns that were measured'),
      p50: seconds('Median').optional(),
      p95: seconds('95th percentile').optional(),
      max: seconds('Longest').optional(),
    })
    .describe('Of the turns, from the end of speech to the beginning of the answer'),
  turns: z.array(turnSchema),
  modelUsage: z.array(plain).describe("The SDK's usage by model, as in its own report"),
  cost: costSchema,
  options: plain.describe("The session's options, as the SDK has them"),
  recordings: z.array(recordingSchema),
  traceIds: z.array(z.string()).describe('With the switch `traces`'),
  chatHistory: z
    .object({ items: z.array(plain) })
    .describe('Messages, calls of tools and their outputs, handoffs; what was said with `transcript`'),
  events: z
    .array(plain)
    .describe("The session's events in order, with the switch `logs`; `talkgauge replay` reads them"),
  eventsDropped: z.number().describe('Events that were too many to be kept'),
});

export type SessionReport = z.infer<typeof sessionReport>;
