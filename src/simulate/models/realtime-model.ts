import { llm } from '@livekit/agents';
import { type RealtimeOptions, SimulatedRealtimeSession } from './realtime-session.ts';

/** A simulated speech-to-speech model with turn detection of its own, as hosted ones have. */
export class SimulatedRealtimeModel extends llm.RealtimeModel {
  readonly options: RealtimeOptions;
  /** The session that runs, for scenes that make it fail. */
  current: SimulatedRealtimeSession | undefined;

  constructor(options: RealtimeOptions) {
    super({
      messageTruncation: true,
      turnDetection: true,
      userTranscription: true,
      autoToolReplyGeneration: false,
      audioOutput: true,
      manualFunctionCalls: false,
      midSessionChatCtxUpdate: true,
      midSessionInstructionsUpdate: true,
      midSessionToolsUpdate: true,
      perResponseToolChoice: false,
    });
    this.options = options;
  }

  override get model(): string {
    return this.options.model.model;
  }

  override get provider(): string {
    return this.options.model.provider;
  }

  override label(): string {
    return 'simulate.RealtimeModel';
  }

  session(): llm.RealtimeSession {
    this.current = new SimulatedRealtimeSession(this, this.options);
    return this.current;
  }

  async close(): Promise<void> {}
}
