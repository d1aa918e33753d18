import type { z } from 'zod';
import type { SessionState } from '../store/session-state.ts';
import { type SessionSummary, statusOf } from '../store/summary.ts';
import type { detailSchema, summarySchema } from './schema.ts';

/** A summary in the format of the API. */
export const summaryResponse = (summary: SessionSummary, now: number): z.infer<typeof summarySchema> => ({
  ...summary,
  status: statusOf(summary, now),
  duration: summary.end - summary.start,
});

/** Maximum number of unpriced models that are named. */
const maxUnpriced = 3;

/** Why a part of the session is missing, as a line of text. */
function missing(s: z.infer<typeof summarySchema>, state: SessionState): Record<string, string> {
  const reasons: Record<string, string> = {};
  const live = s.status === 'live';
  const soon = live ? 'It comes when the call ends.' : undefined;
  const yet = live ? 'None has come so far.' : undefined;
  const never =
    s.status === 'lost' ? 'The job sent no more: it died, or could not reach the gateway.' : undefined;
  const off = (option: string) => never ?? `Recording was started without ${option}.`;
  if (!s.hasAudio) {
    reasons.audio =
      s.audioDropped === 'redacted'
        ? 'The session is redacted, and audio cannot be.'
        : s.audioDropped === 'too_large'
          ? 'It was larger than the gateway takes, or did not arrive whole.'
          : (soon ?? off('audio, or nothing was said'));
  }
  if (!s.hasTranscript) reasons.transcript = yet ?? off('the transcript, or nothing was said');
  if (!s.hasTrace) {
    const lost =
      s.language === 'python' ? '' : ": of a session's last five seconds, the JavaScript SDK sends none";
    const without = state.reported?.unrecorded?.includes('traces');
    reasons.trace = yet ?? (without ? off('traces') : (never ?? `No span came${lost}.`));
  }
  if (!s.hasLogs) reasons.logs = yet ?? off('logs');
  if (!s.hasReport) reasons.report = soon ?? never ?? 'The SDK did not send it.';
  if (s.turns > 0 && s.latencyP50 === undefined)
    reasons.latency = s.realtime
      ? 'The SDKs measure none of realtime models.'
      : (yet ?? 'The SDK measured none: of what was typed or not answered, it does not.');
  // With realtime models, no span contains the user's transcript.
  if (live && state.realtime && state.live.turns.length === 0)
    reasons.text = 'What the user said comes when the call ends.';
  if (s.hasReport && !state.cost) reasons.cost = 'The report has no usage.';
  const unpriced = [...new Set(state.cost?.unpriced.map(({ provider, model }) => `${provider} ${model}`))];
  if (unpriced.length > 0) {
    const listed = unpriced.slice(0, maxUnpriced).join(', ');
    const more = unpriced.length > maxUnpriced ? ` and ${unpriced.length - maxUnpriced} more` : '';
    reasons.price = `None is known of ${listed}${more}, which the cost leaves out. Give it in a price file (--prices).`;
  }
  if (s.redacted) reasons.text = 'The session is redacted: what was said is not kept.';
  return reasons;
}

/** @param grafana the URL of Grafana, which has Tempo under the uid `tempo` */
export function detailOf(
  summary: SessionSummary,
  state: SessionState,
  now: number,
  grafana?: string,
): z.infer<typeof detailSchema> {
  const listed = summaryResponse(summary, now);
  const [trace] = state.traceIds;
  return {
    ...listed,
    traceIds: state.traceIds,
    costByComponent: state.cost && { ...state.cost.byComponent },
    unpriced: state.cost?.unpriced,
    audio: state.audio,
    missing: missing(listed, state),
    traceUrl: grafana && trace ? traceUrl(grafana, trace, summary) : undefined,
  };
}

function traceUrl(grafana: string, trace: string, { start, end }: SessionSummary): string {
  const datasource = { type: 'tempo', uid: 'tempo' };
  const pane = {
    datasource: 'tempo',
    queries: [{ refId: 'A', datasource, queryType: 'traceql', query: trace }],
    range: { from: String(Math.floor(start * 1000) - 60_000), to: String(Math.ceil(end * 1000) + 60_000) },
  };
  return `${grafana}/explore?schemaVersion=1&panes=${encodeURIComponent(JSON.stringify({ trace: pane }))}`;
}
