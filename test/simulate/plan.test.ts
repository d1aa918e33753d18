import { describe, expect, test } from 'vitest';
import type { IncidentName } from '../../src/simulate/incidents.ts';
import { type CallPlan, planCall, showcaseLength } from '../../src/simulate/plan.ts';

const during = (...names: IncidentName[]) => ({ active: (name: IncidentName) => names.includes(name) });
const calm = during();
const plans = (count: number, seed = 1, incidents = calm): CallPlan[] =>
  Array.from({ length: count }, (_, i) => planCall(seed, showcaseLength + 1 + i, incidents));

describe('the plan of a call', () => {
  test('is the same for the same seed and number', () => {
    expect(planCall(4, 77, calm)).toEqual(planCall(4, 77, calm));
  });

  test('differs for another seed', () => {
    const scenes = (seed: number) => plans(10, seed).map((plan) => plan.scenes.join());
    expect(scenes(1)).not.toEqual(scenes(2));
  });

  test('uses every agent, version and model stack', () => {
    const seen = new Set(plans(300).map(({ agent, version }) => `${agent} ${version}`));
    expect([...seen].sort()).toEqual([
      'concierge 3.0.0',
      'concierge 3.1.0-beta.2',
      'front-desk 2.3.1',
      'front-desk 2.4.0',
      'support 1.9.2',
      'survey 0.8.0',
      'survey 0.9.0',
    ]);
  });

  test('mostly ends normally, and sometimes in every other way', () => {
    const ends = plans(15_000).map(({ ending }) => ending);
    expect(new Set(ends).size).toBe(9);
    const well = ends.filter((ending) =>
      ['caller-leaves', 'caller-hangs-up', 'agent-closes'].includes(ending),
    );
    expect(well.length / ends.length).toBeGreaterThan(0.9);
    // Failures are within an objective of 1 %, so that a call centre without incidents is healthy.
    const badly = ends.filter((ending) =>
      ['model-fails', 'entry-throws', 'uncaught', 'exit', 'kill'].includes(ending),
    );
    expect(badly.length / ends.length).toBeLessThan(0.01);
  });

  test('uses only scenes that a realtime model supports', () => {
    const scenes = plans(300)
      .filter(({ stack }) => stack.mode === 'realtime')
      .flatMap((plan) => plan.scenes);
    expect([...new Set(scenes)].sort()).toEqual(['away', 'interruption', 'lookup', 'question', 'reconnect']);
  });
});

describe('the showcase of the first calls', () => {
  const parade = Array.from({ length: showcaseLength }, (_, i) => planCall(1, i + 1, calm));

  test('contains all agents and all rare scenes for every seed', () => {
    const scenes = new Set(parade.flatMap((plan) => plan.scenes));
    for (const rare of ['handoff', 'backchannel', 'false-interruption', 'unheard', 'away', 'blocking-tool']) {
      expect(scenes).toContain(rare);
    }
    const again = Array.from({ length: showcaseLength }, (_, i) => planCall(99, i + 1, calm));
    expect(again.map((plan) => plan.scenes)).toEqual(parade.map((plan) => plan.scenes));
  });

  test('has a crash, a kill, a failure and all reasons to close', () => {
    const ends = new Set(parade.map(({ ending }) => ending));
    for (const rare of ['kill', 'uncaught', 'entry-throws', 'model-fails', 'job-shutdown', 'agent-closes']) {
      expect(ends).toContain(rare);
    }
  });
});

describe('an incident', () => {
  test('crash-loop makes every job of support crash, and no other job', () => {
    const crashing = plans(200, 1, during('crash-loop'));
    for (const { agent, ending, scenes } of crashing.filter((plan) => plan.agent === 'support')) {
      expect({ agent, scenes, crashes: ['exit', 'uncaught', 'entry-throws'].includes(ending) }).toEqual({
        agent: 'support',
        scenes: [],
        crashes: true,
      });
    }
    const others = (list: CallPlan[]) => list.filter(({ agent }) => agent !== 'support');
    expect(others(crashing)).toEqual(others(plans(200)));
  });

  test('bad-version gets most calls of front-desk', () => {
    const calls = plans(300, 1, during('bad-version')).filter(({ agent }) => agent === 'front-desk');
    const bad = calls.filter(({ version }) => version === '2.5.0');
    expect(bad.length / calls.length).toBeGreaterThan(0.55);
    expect(bad.length / calls.length).toBeLessThan(0.85);
    expect(bad.every(({ slowdown, toolFailures }) => slowdown === 2.5 && toolFailures === 0.5)).toBe(true);
  });
});
