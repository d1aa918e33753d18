import type { resources } from '@opentelemetry/sdk-node';
import { loadNodeSdk } from './opentelemetry.ts';

/** The service that spans and logs are of, unless OTEL_SERVICE_NAME says otherwise; LiveKit's own name for it. */
export const serviceName = 'livekit-agents';

/** What the process is: OTEL_RESOURCE_ATTRIBUTES and the detectors that OTEL_NODE_RESOURCE_DETECTORS names, else its host and pid. */
export function resourceOfProcess(version: string | undefined): resources.Resource {
  const { resources, core } = loadNodeSdk();
  const chosen = core.getStringListFromEnv('OTEL_NODE_RESOURCE_DETECTORS');
  const detectors = {
    env: resources.envDetector,
    host: resources.hostDetector,
    os: resources.osDetector,
    process: resources.processDetector,
    serviceinstance: resources.serviceInstanceIdDetector,
  };
  // The command line, which the detector of processes would tell, may hold secrets.
  const wanted = chosen?.includes('all') ? Object.keys(detectors) : (chosen ?? ['env', 'host']);
  const detected = resources.detectResources({
    detectors: Object.entries(detectors).flatMap(([name, one]) => (wanted.includes(name) ? [one] : [])),
  });
  return resources
    .defaultResource()
    .merge(
      resources.resourceFromAttributes({
        'service.name': serviceName,
        'process.pid': process.pid,
        ...(version && { 'service.version': version }),
      }),
    )
    .merge(detected);
}
