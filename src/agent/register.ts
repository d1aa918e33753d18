import { wrapServerRun, wrapSessionStart } from '../private-apis/readers.ts';
import { observe } from './livekit/observe.ts';
import { isJobProcess, isSdkChild, onSdk, type Sdk } from './livekit/sdk.ts';
import { setUpTelemetry } from './livekit/telemetry-setup.ts';
import { monitor } from './monitor.ts';
import { resolveMonitorOptions } from './monitor-options.ts';

export interface SessionWrapperOptions {
  /** Whether the session runs in a process of its own, whose worker is monitored. */
  inJobProcess: boolean;
  monitor(): Promise<unknown>;
  /** Whether a worker that cannot be monitored stops. */
  strict: boolean;
}

type Session = InstanceType<Sdk['voice']['AgentSession']>;
type Server = InstanceType<Sdk['AgentServer']>;

/** Observes each session of this build of the SDK from its start on. What goes wrong with that is warned about. */
export function observeSessions(sdk: Sdk, { inJobProcess, monitor, strict }: SessionWrapperOptions): void {
  wrapSessionStart<Session['start']>(
    sdk,
    (start) =>
      async function (this: Session, ...args) {
        // In console mode no server runs, and the session is in this process.
        if (!inJobProcess) {
          await monitor().catch((error: Error) => {
            if (strict) throw error;
            console.warn(`talkgauge: the session is not monitored: ${error.message}`);
          });
        }
        observe(this, jobContextOf(sdk));
        return start.apply(this, args);
      },
  );
}

function jobContextOf(sdk: Sdk) {
  try {
    return sdk.getJobContext(false);
  } catch {
    return undefined;
  }
}

/**
 * Monitors the worker of this build of the SDK when its server runs. A mistake in an option is thrown there, before
 * the first call can come; what the system refuses only with `strict`: see `monitor`.
 */
export function monitorServer(sdk: Sdk, monitor: () => Promise<unknown>): void {
  const unwrap = wrapServerRun<Server['run']>(
    sdk,
    () =>
      async function (this: Server) {
        unwrap?.();
        await monitor();
        // Not the method that was wrapped: monitor() follows servers by wrapping it too.
        return this.run();
      },
  );
}

/**
 * Observes an agent without a line in its code: `node --import talkgauge/register agent.js start`.
 *
 * The worker gets `monitor()` when its server runs, and every session that starts gets `observe()`. Options come
 * from the environment. A process that runs no LiveKit server or session is left alone.
 */

const inJobProcess = isJobProcess();
if (inJobProcess || !isSdkChild()) {
  // A mistake in the environment is reported at once, not at the first call.
  const strict = !inJobProcess && resolveMonitorOptions().strict;
  await onSdk((sdk) => {
    observeSessions(sdk, { inJobProcess, monitor, strict });
    if (inJobProcess) setUpTelemetry({}, sdk);
    else monitorServer(sdk, monitor);
  });
}
