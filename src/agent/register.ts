/**
 * Observes an agent without a line in its code: `node --import talkgauge/register agent.js start`.
 *
 * The worker gets `monitor()` when its server runs, and every session that starts gets `observe()`. Options come
 * from the environment. A process that runs no LiveKit server or session is left alone.
 */
import { isJobProcess, isSdkChild, onSdk } from './livekit/sdk.ts';
import { setUpTelemetry } from './livekit/telemetry-setup.ts';
import { monitor } from './monitor.ts';
import { resolveMonitorOptions } from './monitor-options.ts';
import { monitorServer, observeSessions } from './wrap-sdk.ts';

const inJobProcess = isJobProcess();
if (inJobProcess || !isSdkChild()) {
  // A mistake in the environment is told at once, and not when the first call is there.
  const strict = !inJobProcess && resolveMonitorOptions().strict;
  await onSdk((sdk) => {
    observeSessions(sdk, { inJobProcess, monitor, strict });
    if (inJobProcess) setUpTelemetry({}, sdk);
    else monitorServer(sdk, monitor);
  });
}
