/**
 * Observes an agent without a line in its code: `node --import earshot/register agent.js start`.
 *
 * The worker gets `monitor()` when its server runs, and every session that starts gets `observe()`. Options come
 * from the environment. A process that runs no LiveKit server or session is left alone.
 */
import { observe } from './livekit/observe.ts';
import { isJobProcess, isSdkChild, onSdk, type Sdk } from './livekit/sdk.ts';
import { setUpTelemetry } from './livekit/set-up-telemetry.ts';
import { monitor } from './monitor.ts';
import { resolveMonitorOptions } from './monitor-options.ts';

function observeSessions(sdk: Sdk): void {
  const prototype = sdk.voice.AgentSession.prototype;
  const start = prototype.start;
  prototype.start = async function (this: InstanceType<Sdk['voice']['AgentSession']>, ...args) {
    // In console mode no server runs, and the session is in this process.
    if (!isJobProcess()) await monitor();
    observe(this, sdk.getJobContext(false));
    return start.apply(this, args);
  };
}

function monitorServer(sdk: Sdk): void {
  const prototype = sdk.AgentServer.prototype;
  const run = prototype.run;
  prototype.run = async function () {
    prototype.run = run;
    await monitor();
    // Not `run`: monitor() follows servers by wrapping it too.
    return this.run();
  };
}

if (isJobProcess() || !isSdkChild()) {
  // A mistake in the environment is told at once, and not when the first call is there.
  if (!isJobProcess()) resolveMonitorOptions();
  await onSdk((sdk) => {
    observeSessions(sdk);
    if (isJobProcess()) setUpTelemetry({}, sdk);
    if (!isJobProcess()) monitorServer(sdk);
  });
}
