import { llm, type voice } from '@livekit/agents';
import { type Topics, topics } from './dialogue.ts';
import { pause } from './pause.ts';
import type { Random } from './random.ts';

export interface ToolOptions {
  random: Random;
  /** The share of calls that fail at random. @default 0 */
  failures?: number;
  /** Whether tools with a bug always fail; otherwise one call in twenty does. @default false */
  showsBugs?: boolean;
  /** Creates the agent of the handoff of `transfer_to_billing`. */
  billing: () => voice.Agent;
}

const lists: readonly Topics[] = Object.values(topics);

/** The lookup tools of all topics. */
const lookups = new Set(
  lists.flatMap((list) => list.topics).flatMap((topic) => (topic.tool ? [topic.tool.name] : [])),
);

/** The tools of the simulated agents: a working one for every topic, and one for each kind of defect. */
export function createTools({
  random,
  failures = 0,
  showsBugs = false,
  billing,
}: ToolOptions): llm.ToolContextEntry[] {
  const tool = (name: string, description: string, execute: () => Promise<unknown>) =>
    llm.tool({ name, description, execute });
  const bug = () => showsBugs || random.chance(0.05);
  const good = [...lookups].map((name) =>
    tool(name, `Simulated: ${name.replaceAll('_', ' ')}.`, async () => {
      // The latency depends on the name, so that each tool has its own.
      await pause(random.lognormal(40 + name.length * 14, 0.5));
      if (random.chance(failures)) throw new llm.ToolError('simulated: the backend answered 500');
      return 'ok';
    }),
  );
  return [
    ...good,
    tool('charge_card', 'Simulated: the bank declines.', async () => {
      await pause(random.lognormal(220, 0.3));
      if (bug()) throw new llm.ToolError('simulated: card declined');
      return 'paid';
    }),
    tool('sync_crm', 'Simulated: has a bug.', async () => {
      await pause(random.lognormal(80, 0.3));
      if (bug()) throw new TypeError('simulated: cannot read properties of undefined');
      return 'saved';
    }),
    tool('check_inventory', 'Simulated: an old system that takes its time.', async () => {
      await pause(random.lognormal(2600, 0.3));
      return 'in stock';
    }),
    tool('render_invoice', 'Simulated: works without letting go of the event loop.', async () => {
      const end = performance.now() + random.lognormal(250, 0.5);
      while (performance.now() < end);
      return 'invoice.pdf';
    }),
    tool('transfer_to_billing', 'Simulated: hands the call over.', async () =>
      llm.handoff({ agent: billing(), returns: 'transferred' }),
    ),
  ];
}
