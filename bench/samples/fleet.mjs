// What a fleet has in Prometheus: how many series a selector finds, and how often each has a sample.

/** A large fleet. Each agent runs two versions at a time, as while a canary is judged, and two models of each kind. */
export const largeFleet = {
  workers: 1000,
  agents: 5,
  versions: 2,
  models: 2,
  /** Values of a label that the catalogue leaves open: tools, names of series, types of events. */
  open: { tool: 10, metric: 10, type: 3, label: 2 },
  /** Servers of LiveKit, gateways, and all other targets that expose `process_…`, such as node_exporter on each host. */
  nodes: 20,
  gateways: 2,
  others: 1000,
  /** Alerts that fire or wait at a time. */
  alerts: 20,
  /** Seconds between scrapes. */
  scrape: 15,
};

/** Labels that say of whom a series is: they depend on each other, so their numbers are not multiplied. */
const identity = {
  worker: ({ workers, agents, versions }) => [
    [['instance', 'nodename'], workers],
    [['agent_version'], agents * versions],
    [['agent_name'], agents],
  ],
  node: ({ nodes }) => [[['instance', 'node_id'], nodes]],
  gateway: ({ gateways }) => [[['instance'], gateways]],
  target: ({ workers, nodes, gateways, others }) => [[['instance'], workers + nodes + gateways + others]],
  prometheus: () => [],
};
const identityLabels = new Set(['instance', 'nodename', 'agent_version', 'agent_name', 'node_id', 'job']);
const modelLabels = ['model_provider', 'model_name'];

/** Units in which one component is billed, of all that there are. */
const unitsOfAComponent = 3;

const values = (count) => Array.from({ length: count }, (_, index) => `\u0000${index}`);

/** The labels of a series that are its own, with their values. */
function ownLabels(spec, fleet) {
  const own = Object.entries(spec.labels).filter(
    ([label]) => !identityLabels.has(label) && !modelLabels.includes(label),
  );
  const listed = own.map(([label, of]) => {
    if (label === 'unit') return [label, of.slice(0, unitsOfAComponent)];
    return [label, of === 'open' ? values(fleet.open[label] ?? 1) : of];
  });
  const le = spec.buckets ? [['le', [...spec.buckets.map(String), '+Inf']]] : [];
  return { listed, le };
}

/** Series of the catalogue, or of the gateway on itself, as they are scraped. */
function scraped(specs, of, fleet) {
  return Object.entries(specs).flatMap(([name, spec]) => {
    const { listed, le } = ownLabels(spec, fleet);
    const parts = spec.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    return parts.map((part) => [
      name + part,
      {
        of,
        has: new Set([
          'job',
          'instance',
          ...(of === 'worker' ? ['agent_name', 'agent_version'] : []),
          ...Object.keys(spec.labels).filter(
            (label) => identityLabels.has(label) || modelLabels.includes(label),
          ),
        ]),
        listed: new Map(part === '_bucket' ? [...listed, ...le] : listed),
        every: fleet.scrape,
      },
    ]);
  });
}

/** Series of other programs: of whom each is, and its own labels. */
function foreign(fleet) {
  const of = (kind, names, listed = {}) =>
    names.map((name) => [
      name,
      {
        of: kind,
        has: new Set(['job', ...(kind === 'prometheus' ? [] : ['instance'])]),
        listed: new Map(Object.entries(listed)),
        every: fleet.scrape,
      },
    ]);
  const audio = {
    direction: ['incoming', 'outgoing'],
    type: ['AUDIO', 'VIDEO'],
    source: values(2),
    country: values(5),
  };
  const parts = (name) => [`${name}_sum`, `${name}_count`];
  const bounds = (count) => ({ le: values(count) });
  return [
    ...of('target', [
      'up',
      'scrape_duration_seconds',
      'scrape_samples_scraped',
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'process_start_time_seconds',
    ]),
    ...of('worker', ['nodejs_heap_size_used_bytes', 'nodejs_eventloop_lag_p99_seconds']),
    ...of('node', ['go_sched_gomaxprocs_threads', 'livekit_room_total', 'livekit_participant_total']),
    ...['livekit_packet_loss_percent', 'livekit_rtt_ms', 'livekit_jitter_us'].flatMap((name) => [
      ...of('node', [`${name}_bucket`], { ...audio, ...bounds(12) }),
      ...of('node', parts(name), audio),
    ]),
    ...of('node', ['livekit_quality_score_bucket', 'livekit_session_start_time_ms_bucket'], bounds(12)),
    ...of('node', [...parts('livekit_quality_score'), ...parts('livekit_session_start_time_ms')]),
    ...of('node', ['livekit_packet_bytes'], {
      direction: audio.direction,
      transmission: values(3),
      country: audio.country,
    }),
    ...of('node', ['livekit_node_packet_total'], { type: ['in', 'out', 'dropped'] }),
    ...of('node', ['livekit_participant_join_total'], {
      state: ['rtc_success', 'rtc_failure', 'signal_connected', 'signal_failed'],
    }),
    ...of('node', ['livekit_track_published_total', 'livekit_track_subscribed_total'], {
      kind: ['AUDIO', 'VIDEO'],
    }),
    ...of('node', ['livekit_track_publish_counter', 'livekit_track_subscribe_counter'], {
      kind: ['AUDIO', 'VIDEO'],
      state: ['attempt', 'success', 'cancel', 'failure'],
    }),
    ...of(
      'prometheus',
      [
        'prometheus_rule_evaluation_failures_total',
        'prometheus_rule_group_interval_seconds',
        'prometheus_rule_group_iterations_missed_total',
        'prometheus_rule_group_iterations_total',
        'prometheus_rule_group_last_duration_seconds',
      ],
      { rule_group: values(30).map((_, nth) => `/etc/prometheus/rules/talkgauge.yml;talkgauge-${nth}`) },
    ),
    ...of('prometheus', [
      'prometheus_tsdb_lowest_timestamp_seconds',
      'prometheus_tsdb_size_retentions_total',
    ]),
    ...of('prometheus', ['ALERTS', 'ALERTS_FOR_STATE'], { alertname: values(fleet.alerts) }).map(
      ([name, series]) => [name, { ...series, every: 15 }],
    ),
  ];
}

/** How many series there are of these labels. */
export function count({ of, has, listed }, fleet) {
  const owner = (identity[of]?.(fleet) ?? []).find(([labels]) => labels.some((label) => has.has(label)));
  const models = modelLabels.some((label) => has.has(label)) ? fleet.models : 1;
  return [...listed.values()].reduce((product, each) => product * each.length, (owner?.[1] ?? 1) * models);
}

/** A series with these labels alone; a label that it does not have is none. */
export const only = (series, labels) => ({
  ...series,
  has: new Set(labels.filter((label) => series.has.has(label))),
  listed: new Map([...series.listed].filter(([label]) => labels.includes(label))),
});

/** Every series that is scraped, by name. */
export const scrapedSeries = ({ catalogue, gateway }, fleet) =>
  new Map([...scraped(catalogue, 'worker', fleet), ...scraped(gateway, 'gateway', fleet), ...foreign(fleet)]);
