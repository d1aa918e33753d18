import { z } from 'zod';
import { segments } from '../../catalogue/labels.ts';
import { chatItemTypes } from '../decode/chat-item.ts';
import { features, sortKeys } from '../store/query.ts';
import { unmeasuredReasons } from '../timeline/latency.ts';

/** The schema of the HTTP API: parameters and responses. docs/gateway-api.md is generated from it. */

const seconds = (what: string) => z.number().describe(`${what}, in seconds`);
const time = (what: string) => z.number().describe(`${what}, as unix seconds`);

export const statusSchema = z
  .enum(['live', 'complete', 'failed', 'lost'])
  .describe(
    "lost: nothing came for two minutes, and no report; failed: an error closed it, or its job's entry function threw",
  );

export const summarySchema = z.object({
  id: z.string().describe("The job's id; the room's SID where no job is known"),
  status: statusSchema,
  roomId: z.string().optional().describe("The room's SID"),
  roomName: z.string().optional(),
  agent: z.string().optional().describe("The agent's name"),
  version: z.string().optional().describe('Its deploy: LIVEKIT_AGENT_DEPLOYMENT'),
  language: z.string().optional().describe('nodejs or python'),
  sdkVersion: z.string().optional(),
  start: time('When it began'),
  end: time('When it ended, or was last heard of'),
  duration: seconds('How long it took'),
  turns: z.number().describe('What the user said, by turns'),
  latencyP50: seconds('Median of the turn latencies').optional(),
  latencyP95: seconds('95th percentile of the turn latencies').optional(),
  realtime: z.literal(true).optional().describe('A realtime model spoke: its turns have no latency'),
  interruptions: z.number().describe("The agent's messages that were interrupted"),
  toolCalls: z.number(),
  toolErrors: z.number(),
  cost: z.number().optional().describe('US dollars at list prices, once the report is there'),
  costIncomplete: z.boolean().optional().describe('The cost leaves out usage that has no known price'),
  closeReason: z
    .string()
    .optional()
    .describe("The SDK's: user_initiated, participant_disconnected, error, …"),
  entryFailed: z.literal(true).optional().describe("The job's entry function threw"),
  outcome: z.string().optional().describe("The agent's own evaluation; Python only"),
  tags: z.array(z.string()).optional(),
  redacted: z.boolean().describe('What was said is not kept'),
  simulated: z.boolean().describe("A simulation of LiveKit's made the call"),
  hasAudio: z.boolean(),
  audioDropped: z.enum(['redacted', 'too_large']).optional().describe('Why audio that was sent is not kept'),
  hasTranscript: z.boolean(),
  hasTrace: z.boolean(),
  hasLogs: z.boolean(),
  hasReport: z.boolean(),
  complete: z.boolean().describe('The SDK has sent what it sends last'),
  receivedAt: time('When the last upload came'),
  bytes: z.number().describe('What it takes on disk, or in the bucket'),
  archived: z.boolean().optional().describe('Its files are in the bucket'),
});

export const pageSchema = z.object({
  total: z.number().describe('Sessions that the filters let through'),
  limit: z.number(),
  offset: z.number(),
  sessions: z.array(summarySchema),
});

const names = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => [value].flat().flatMap((text) => text.split(',')))
  .optional();
const oneOf = <T extends string>(values: readonly [T, ...T[]]) =>
  names.pipe(z.array(z.enum(values)).optional());
const figure = z.coerce.number().optional();
const yesNo = z
  .enum(['true', 'false'])
  .transform((value) => value === 'true')
  .optional();

export const listQuerySchema = z.strictObject({
  q: z
    .string()
    .max(500)
    .optional()
    .describe('Words that were said, by their beginnings; or a part of the name of session or room'),
  agent: names.describe('Any of these, separated by commas; so are all lists'),
  version: names,
  status: oneOf(['live', 'complete', 'failed', 'lost']),
  closeReason: names,
  tag: names,
  roomName: z.string().optional(),
  from: figure.describe('Sessions that began then or later: unix seconds'),
  to: figure.describe('Sessions that began before: unix seconds'),
  minDuration: figure.describe('Seconds'),
  maxDuration: figure.describe('Seconds'),
  minLatencyP95: figure.describe('Seconds'),
  toolErrors: yesNo.describe('Whether a tool failed'),
  interrupted: yesNo.describe('Whether the agent was interrupted'),
  redacted: yesNo,
  has: oneOf(features).describe('All of these'),
  lacks: oneOf(features).describe('None of these'),
  sort: z
    .string()
    .regex(new RegExp(`^-?(${sortKeys.join('|')})$`))
    .default('-start')
    .describe(`One of ${sortKeys.join(', ')}; with a minus, the largest first`),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  offset: z.coerce.number().int().min(0).default(0),
});

const measure = (what: string) => seconds(what).optional();

export const chatItemSchema = z.object({
  id: z.string(),
  type: z.enum(chatItemTypes),
  at: time('When it was made').optional(),
  role: z.string().optional().describe('user, assistant, system, developer'),
  text: z.string().optional(),
  interrupted: z.boolean().optional(),
  confidence: z.number().optional().describe("The transcript's, 0 to 1"),
  metrics: z
    .object({
      startedSpeakingAt: time('When the speech began').optional(),
      stoppedSpeakingAt: time('When it ended').optional(),
      transcriptionDelay: measure('From the end of speech to its transcript'),
      endOfTurnDelay: measure('From the end of speech to the decision that the turn is over'),
      onUserTurnCompletedDelay: measure("The agent's own hook"),
      llmTtft: measure('To the first token'),
      ttsTtfb: measure('From text to the first audio'),
      playbackLatency: measure('From audio to its playing'),
      e2eLatency: measure("From the end of the user's speech to the agent's"),
    })
    .optional(),
  name: z.string().optional().describe("The tool's"),
  callId: z.string().optional(),
  arguments: z.string().optional().describe('JSON'),
  output: z.string().optional(),
  isError: z.boolean().optional(),
  oldAgent: z.string().optional(),
  newAgent: z.string().optional(),
  instructions: z.string().optional(),
  toolsAdded: z.array(z.string()).optional(),
  toolsRemoved: z.array(z.string()).optional(),
  provisional: z.boolean().optional().describe('Pieced together from spans while the call runs'),
});

const attributes = z.record(z.string(), z.unknown());

export const transcriptSchema = z.object({
  provisional: z
    .boolean()
    .describe('The SDK has not sent the conversation yet; these are pieces from its spans'),
  redacted: z.boolean(),
  items: z.array(chatItemSchema),
});

export const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentId: z.string().optional(),
  name: z.string(),
  start: time('When it began'),
  end: time('When it ended'),
  attributes,
  events: z.array(z.object({ name: z.string(), at: time('When'), attributes })),
  status: z.enum(['unset', 'ok', 'error']),
  statusMessage: z.string().optional(),
  facts: attributes
    .optional()
    .describe('What the span contains, in seconds for either SDK; see src/gateway/decode/span-facts.ts'),
});

export const traceSchema = z.object({
  spans: z.array(spanSchema).describe('In the order in which they came; one that came twice, once'),
});

export const logsQuerySchema = z.strictObject({
  level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
    .optional()
    .describe('This level and above'),
  limit: z.coerce.number().int().min(1).max(5000).default(1000),
  offset: z.coerce.number().int().min(0).default(0),
});

export const logsSchema = z.object({
  total: z.number().describe('Lines of the level'),
  logs: z.array(
    z.object({
      at: time('When'),
      level: z.enum(['unspecified', 'trace', 'debug', 'info', 'warn', 'error', 'fatal']),
      message: z.string(),
      scope: z.string().describe('The logger'),
      attributes,
      traceId: z.string().optional(),
      spanId: z.string().optional(),
    }),
  ),
});

export const reportSchema = z.object({
  report: z
    .object({
      startedAt: time('When the session began').optional(),
      reportedAt: time('When the report was made').optional(),
      agentName: z.string().optional(),
      sdkVersion: z.string().optional(),
      language: z.string().optional().describe('By how its options are spelled'),
      unrecorded: z.array(z.string()).optional().describe('What recording was started without'),
      options: attributes.describe("The session's options, in the units of its SDK"),
      usage: z.array(
        z.object({
          component: z.enum(['llm', 'tts', 'stt', 'interruption', 'eot']),
          provider: z.string(),
          model: z.string(),
          amounts: z
            .record(z.string(), z.number())
            .describe('In the names of the Python SDK; durations in seconds'),
          repeated: z
            .literal(true)
            .optional()
            .describe('A fallback adapter reported it, and so do its models'),
        }),
      ),
      tags: z.array(z.string()),
    })
    .nullable(),
  evaluations: z.array(
    z.object({ kind: z.enum(['evaluation', 'tag', 'outcome']), at: time('When'), details: attributes }),
  ),
});

export const detailSchema = summarySchema.extend({
  traceIds: z.array(z.string()),
  costByComponent: z.record(z.string(), z.number()).optional().describe('US dollars'),
  unpriced: z
    .array(
      z.object({
        component: z.string(),
        provider: z.string(),
        model: z.string(),
        unit: z.string(),
        amount: z.number(),
      }),
    )
    .optional(),
  audio: z.object({ bytes: z.number(), start: time('When it begins').optional() }).optional(),
  missing: z.record(z.string(), z.string()).describe('What is not there, and why'),
  traceUrl: z.string().optional().describe('The trace in Grafana'),
});

export const facetsSchema = z
  .record(z.enum(['agent', 'version', 'status', 'closeReason', 'tag']), z.record(z.string(), z.number()))
  .describe('How many sessions have each value that a list can be filtered by');

export const errorSchema = z.object({ error: z.string() });

/** The schema of a session's timeline and waveform. */

const onAxis = (what: string) => z.number().describe(`${what}, in seconds on the axis`);
const turn = z.number().optional().describe('The turn that it belongs to');

const bar = z.object({
  start: onAxis('When it begins'),
  end: onAxis('When it ends'),
  turn,
  item: z.string().optional().describe('The item of the transcript that was spoken'),
});

const latency = z.object({
  e2e: z.number().describe("From the end of the user's speech to the agent's, in seconds"),
  from: onAxis("The end of the user's speech"),
  segments: z
    .array(z.object({ segment: z.enum(segments), seconds: z.number() }))
    .describe('What the caller waited for, one after the other; they sum up to e2e'),
});

export const timelineSchema = z.object({
  start: z.number().describe('Where the axis begins, as unix seconds: not after the session'),
  duration: z.number().describe('How long the axis is, in seconds'),
  audioOffset: onAxis('Where the recording begins').optional(),
  turns: z
    .array(
      z.object({
        turn: z.number().describe('1 for the first thing that the user said; 0 is what was before'),
        start: onAxis('When the user began to speak'),
        end: onAxis('When the agent was done'),
        items: z.array(z.string()).describe('Ids of the items of the transcript'),
        interrupted: z.boolean(),
        toolCalls: z.number(),
        toolErrors: z.number(),
        latency: latency.optional(),
        unmeasured: z
          .enum(unmeasuredReasons)
          .optional()
          .describe(
            'Why what the user said has no latency: a realtime model, of which the SDKs measure none; it was typed; the agent did not answer; or the SDK does not report it',
          ),
      }),
    )
    .describe('What the user said, and all that the agent did then, until the next'),
  lanes: z.object({
    user: z.array(bar.extend({ overlap: z.boolean().optional().describe('While the agent spoke') })),
    agent: z.array(bar.extend({ interrupted: z.boolean().optional() })),
    thinking: z
      .array(
        bar.extend({
          provider: z.string().optional(),
          model: z.string().optional(),
          ttft: z.number().optional().describe('To the first token, in seconds'),
        }),
      )
      .describe('Requests to the LLM or the realtime model'),
    tools: z.array(
      bar.extend({
        name: z.string().optional(),
        callId: z.string().optional(),
        isError: z.boolean().optional(),
      }),
    ),
  }),
  events: z.array(
    z.object({
      at: onAxis('When'),
      kind: z.enum(['interruption', 'handoff', 'error', 'blocked', 'closed']),
      label: z.string().optional().describe('From whom to whom, what failed, why it was closed'),
      turn,
      seconds: z.number().optional().describe('How long the event loop was blocked'),
    }),
  ),
  omitted: z
    .number()
    .describe('Bars and events that are left out, because there are more than 20,000 of a kind'),
});

const percent = (what: string) => z.array(z.number()).describe(`${what} sample of each bucket, in percent`);

export const peaksSchema = z.object({
  duration: z.number().describe('Of the recording, in seconds; ten hours of a longer one'),
  bucketSeconds: z.number(),
  channels: z.array(
    z.object({
      of: z.enum(['user', 'agent', 'both']),
      min: percent('The lowest'),
      max: percent('The highest'),
    }),
  ),
});
