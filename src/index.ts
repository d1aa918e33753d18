export { observe } from './livekit/observe.ts';
export type { ObserveOptions } from './livekit/observe-options.ts';
export type { SessionObservation } from './livekit/process-wide.ts';
export type { RecordSwitches } from './livekit/record-switches.ts';
export { type Monitoring, monitor } from './monitor.ts';
export type { MonitorOptions } from './monitor-options.ts';
export { OptionError } from './options.ts';
export type { RedactText } from './telemetry/redaction.ts';
export type { TelemetryOptions } from './telemetry/settings.ts';
