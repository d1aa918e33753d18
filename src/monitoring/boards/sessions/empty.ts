/** Why there may be nothing. */
export const noRecords =
  'Agents tell of their calls if they have an OTLP endpoint for logs, and a gateway if it hands on to Loki.';

/** Why words may be missing. */
export const noWords =
  'What was said is there only where it is recorded: TALKGAUGE_RECORD=transcript of an agent, or an upload to the gateway that is not redacted.';
