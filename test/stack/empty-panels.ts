/** Panels, or single queries (`TITLE/REF`), that may be empty in the first half hour of a simulated call centre, with the reasons. */
const past = 'The baseline needs six hours of data.';
const versions = 'Versions are compared after an hour with a hundred turns, and no version is new.';
const nothingLost = 'Nothing was lost.';
const notThen = 'No call ended like this.';
const noGateway = 'No gateway is scraped.';

export const reasons: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  cost: {
    'Cost of a session-minute by agent': past,
    'Refused price files': 'There is no price file.',
  },
  fleet: { 'Deploys/C': versions },
  health: {
    'Failed and missed evaluations': 'None failed and none was missed, which is well.',
    'Samples lost by reason': nothingLost,
    'Label overflow': nothingLost,
    'Refused values': nothingLost,
    'Reports sent after their job': 'Its session reports go to a folder, and need not be sent.',
    'Uploads by kind': noGateway,
    'Refused by reason': noGateway,
    'Forwarded by destination': noGateway,
    'Sessions by who measures them': noGateway,
    'Queued uploads': noGateway,
    'Queued bytes': noGateway,
    'Sessions in the store': noGateway,
    'Size of the store': noGateway,
  },
  models: {
    'Largest latency regression': past,
    'Latency against the last seven days': past,
    'LLMs compared/D': past,
    'TTS compared/D': past,
    'LLM requests by outcome': notThen,
    'TTS requests by outcome': notThen,
    'Retried errors': 'No request was tried again.',
    'Unrecoverable errors': 'No model was given up.',
  },
  realtime: {
    'Realtime models compared/D': past,
    'Responses by outcome': notThen,
    'Errors of realtime models': 'There were no errors.',
    'Getting a connection, p95': 'None was opened, or none again.',
    'Connections by whether they were new': 'None was opened, or none again.',
  },
  releases: {
    'New versions compared': versions,
    'Slowest version compared with others': versions,
    'Most failing version compared with others': versions,
    Versions: versions,
    'p95 against the past': past,
    'Failed sessions against the past': past,
    'Turns against the past': past,
  },
  slo: {
    'Share of all turns above 5 s': 'No turn took so long.',
    'Share of all turns above 1.5 s': 'No turn took so long.',
    'Share of all failed sessions': 'None failed.',
  },
  transport: { '*': 'There is no LiveKit server beside it.' },
  workers: {
    'Event-loop stalls': 'On an idle machine nothing stalls.',
    'Workers in detail/G': 'On an idle machine nothing stalls.',
  },
  'turn-taking': { 'Interrupted turns against the baseline': past },
};

/** The reason why a query may be empty; undefined if it must not be. */
export const emptyReason = (board: string, panel: string, ref: string): string | undefined => {
  const of = reasons[board];
  return of?.['*'] ?? of?.[panel] ?? of?.[`${panel}/${ref}`];
};
