// A job process that runs a scenario of a test: node job.mjs SCENARIO SOCKET [ARGUMENT]
import { connectRelay } from '../../../../build/agent/relay/client.js';

const [scenario, path, argument] = process.argv.slice(2);
const client = connectRelay({ path, identity: { agent_name: 'front-desk', agent_version: '1.4.0' } });
const record = (metric, labels, value) => client.record({ metric, labels, value });
const handoff = () => record('lk_agents_handoffs_total', {}, 1);
const turns = (count) => record('lk_agents_session_turns', {}, count);
const active = (by) => record('lk_agents_sessions_active', {}, by);
const killSelf = () => process.kill(process.pid, 'SIGKILL');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const later = {
  promise: (next) => Promise.resolve().then(next),
  immediate: (next) => setImmediate(next),
  timer: (next) => setTimeout(next, 0),
};

/** Ten samples, a session that stays active, and SIGKILL in the next tick. */
function recordThenExit() {
  active(1);
  for (let count = 0; count < 10; count++) turns(3);
  handoff();
  later[argument](killSelf);
}

const scenarios = {
  /** Killed one tick after its last samples, during a call. */
  async killed() {
    await client.flush(5000);
    setTimeout(recordThenExit, 20);
  },
  /** Killed one tick after its start and its first samples. */
  'killed at start': recordThenExit,
  /** Exits in the tick in which it records. */
  async exits() {
    await client.flush(5000);
    setTimeout(() => {
      active(1);
      handoff();
      process.exit(0);
    }, 20);
  },
  /** Becomes idle and exits. */
  async idle() {
    handoff();
  },
  /** Keeps running. */
  async running() {
    setInterval(handoff, 5);
  },
  /** Keeps recording for a while in any state of its worker, then becomes idle. */
  async busy() {
    for (let tick = 0; tick < 2000; tick++) {
      for (let count = 0; count < 50; count++) turns(3);
      await new Promise((resolve) => setImmediate(resolve));
    }
    process.stdout.write('done\n');
  },
  /** Records more than the kernel buffers hold, then closes and exits. */
  async closing() {
    active(1);
    for (let tick = 0; tick < 1000; tick++) {
      for (let count = 0; count < 20; count++) turns(3);
      handoff();
      await new Promise((resolve) => setImmediate(resolve));
    }
    active(-1);
    process.stdout.write('closing\n');
    await client.close(20_000);
    process.exit(0);
  },
  /** A call with pseudo-random samples; prints what it recorded. */
  async call() {
    let state = Number(argument);
    const random = (below) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const sum = { handoffs: 0, samples: 0, seconds: 0, tokens: 0 };
    const model = { model_provider: 'openai', model_name: `gpt-${random(3)}` };
    active(1);
    for (let event = 0; event < 200; event++) {
      for (let count = random(4); count > 0; count--) {
        const eighths = random(80) / 8; // sums of eighths are exact
        record('lk_agents_llm_ttft_seconds', model, eighths);
        sum.samples++;
        sum.seconds += eighths;
      }
      const tokens = random(500);
      record('lk_agents_usage_llm_output_tokens_total', model, tokens);
      sum.tokens += tokens;
      if (random(3) === 0) {
        handoff();
        sum.handoffs++;
      }
      if (random(2) === 0) await sleep(random(5));
    }
    active(-1);
    record('lk_agents_sessions_total', { close_reason: 'user_initiated' }, 1);
    process.stdout.write(`${JSON.stringify(sum)}\n`);
    if (random(2) === 0) await client.close(20_000);
    else await client.flush(20_000);
    process.exit(0);
  },
  /** Uses a new tool name for each call. */
  async 'many tools'() {
    for (let count = 0; count < 1_000_000; count++) {
      record('lk_agents_tool_calls_total', { tool: `tool-${count}`, outcome: 'ok' }, 1);
      if (count % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await client.close(20_000);
    process.exit(0);
  },
};

await scenarios[scenario]();
