import { inference, llm, stt, tts } from '@livekit/agents';
import { agents } from './fleet.ts';
import type { Incidents } from './incidents.ts';
import { llms, realtimes, stts, ttss } from './model-specs.ts';
import type { Faults } from './models/faults.ts';
import { SimulatedLlm } from './models/llm.ts';
import { SimulatedRealtimeModel } from './models/realtime-model.ts';
import { SimulatedStt } from './models/stt.ts';
import { SimulatedTts } from './models/tts.ts';
import { SimulatedVad } from './models/vad.ts';
import type { CallPlan } from './plan.ts';
import { createRandom } from './random.ts';
import type { Script } from './script.ts';

export interface StackOptions {
  plan: CallPlan;
  incidents: Incidents;
  /** How many times faster than life people talk. */
  speed: number;
  script: Script;
  faults: Faults;
}

/** Builds the models of a call, simulated, and the options of the session that uses them. */
export function createStack({ plan, incidents, speed, script, faults }: StackOptions) {
  const { stack } = plan;
  const chance = (what: string) => createRandom(plan.seed, plan.number, what);
  if (stack.mode === 'realtime') {
    const realtime = new SimulatedRealtimeModel({
      model: realtimes[stack.model],
      random: chance('realtime'),
      script,
    });
    return {
      realtime,
      session: { llm: realtime, vad: null, turnHandling: { turnDetection: 'realtime_llm' as const } },
    };
  }
  const llmOf = (key: keyof typeof llms) =>
    new SimulatedLlm({
      model: llms[key],
      random: chance(key),
      script,
      incidents,
      slowdown: plan.slowdown,
    });
  const ttsOf = (key: keyof typeof ttss) =>
    new SimulatedTts({ model: ttss[key], random: chance(key), faults, incidents });
  const spec = agents.find(({ name }) => name === plan.agent);
  const vad = new SimulatedVad(chance('vad'));
  const ears = new SimulatedStt({ model: stts[stack.stt], random: chance('stt'), faults });
  const { fallback } = stack;
  return {
    realtime: undefined,
    session: {
      vad,
      stt: stts[stack.stt].streaming ? ears : new stt.StreamAdapter(ears, vad),
      llm: fallback
        ? new llm.FallbackAdapter({ llms: [llmOf(stack.llm), llmOf(fallback.llm)] })
        : llmOf(stack.llm),
      tts: fallback
        ? new tts.FallbackAdapter({
            ttsInstances: [ttsOf(stack.tts), ttsOf(fallback.tts)],
            maxRetryPerTTS: 0,
          })
        : ttsOf(stack.tts),
      turnHandling: {
        turnDetection:
          spec?.endOfTurn === 'model' ? new inference.TurnDetector({ version: 'v1' }) : ('vad' as const),
        endpointing: { minDelay: 300, maxDelay: 800 },
        interruption: {
          mode: spec?.interruption,
          minDuration: 300,
          falseInterruptionTimeout: 1200,
          resumeFalseInterruption: true,
          // Shorter when people talk faster, or no backchannel would ever fall between the two.
          backchannelBoundary: 800 / speed,
        },
        preemptiveGeneration: { enabled: spec?.preemptive ?? false },
      },
    },
  };
}
