import { z } from 'zod';
import { segments } from '../../catalogue/labels.ts';
import { unmeasuredReasons } from '../timeline/unmeasured.ts';

/** The schema of what the API tells of a session's course; see schema.ts. */

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
            'Why what the user said has no latency: a realtime model, of which the SDKs measure none; it was typed; the agent did not answer; or the SDK does not tell',
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
