/**
 * The name of an attribute that `observe` sets where the SDK uploads it: on spans, and among the session's options, which are in
 * its report. The gateway leaves a session that bears it to the worker's metrics.
 */
export const observedMarker = 'earshot.observed';
