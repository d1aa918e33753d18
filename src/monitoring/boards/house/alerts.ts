import { type Matchers, matchers, selector } from '../../promql/series.ts';

/** Alerts of the bundle for the agents that the reader has chosen, and those that concern no agent; `none` is the watchdog's. */
const chosen: Matchers = {
  alertname: { re: 'LiveKit.+|Talkgauge.+' },
  agent_name: { re: '$agent|' },
  severity: { not: 'none' },
};

/** What is firing. */
export const firing = (where: Matchers = {}): string =>
  selector('ALERTS', matchers({ alertstate: 'firing', ...chosen, ...where }));

/** When each alert became true, as Prometheus keeps it; of alerts that wait for their `for`, too. */
export const activeSince = selector('ALERTS_FOR_STATE', matchers(chosen));

/** Labels that tell who or what an alert is about; steps of a ladder and windows are one alert. */
export const concerned = [
  'agent_name',
  'agent_version',
  'component',
  'model_provider',
  'model_name',
  'tool',
  'instance',
] as const;
