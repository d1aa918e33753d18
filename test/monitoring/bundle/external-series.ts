/** Labels of series that other programs expose, by their exposed names; `job` and `instance` come from the scrape. */
type ExternalSeries = Readonly<Record<string, readonly string[]>>;

const target = ['job', 'instance'] as const;

/** Metrics of Prometheus about its targets and rules. */
export const prometheusItself: ExternalSeries = {
  up: target,
  scrape_duration_seconds: target,
  scrape_samples_scraped: target,
  prometheus_tsdb_head_series: target,
  prometheus_tsdb_lowest_timestamp_seconds: target,
  prometheus_tsdb_retention_limit_bytes: target,
  prometheus_tsdb_size_retentions_total: target,
  prometheus_tsdb_storage_blocks_bytes: target,
  prometheus_rule_evaluation_failures_total: [...target, 'rule_group'],
  prometheus_rule_group_interval_seconds: [...target, 'rule_group'],
  prometheus_rule_group_iterations_missed_total: [...target, 'rule_group'],
  prometheus_rule_group_iterations_total: [...target, 'rule_group'],
  prometheus_rule_group_last_duration_seconds: [...target, 'rule_group'],
};

/** Default metrics of prom-client, as a worker exposes them. client_golang also has those with the prefix `process_`. */
export const nodeProcess: ExternalSeries = {
  process_cpu_seconds_total: target,
  process_resident_memory_bytes: target,
  process_start_time_seconds: target,
  nodejs_heap_size_used_bytes: target,
  nodejs_eventloop_lag_p99_seconds: target,
};

const histogram = (name: string, labels: readonly string[]): ExternalSeries => ({
  [`${name}_bucket`]: [...labels, 'le'],
  [`${name}_sum`]: labels,
  [`${name}_count`]: labels,
});

const node = [...target, 'node_id', 'node_type'] as const;
const stream = [...node, 'direction', 'source', 'type', 'country'] as const;

/** livekit-server v1.13.5, pkg/telemetry/prometheus. Despite their names, some that end in `_total` are gauges. */
export const livekitServer: ExternalSeries = {
  go_sched_gomaxprocs_threads: target,
  ...histogram('livekit_packet_loss_percent', stream),
  ...histogram('livekit_rtt_ms', stream),
  ...histogram('livekit_jitter_us', stream),
  ...histogram('livekit_quality_score', node),
  ...histogram('livekit_session_start_time_ms', [...node, 'protocol_version']),
  livekit_packet_bytes: [...node, 'direction', 'transmission', 'country'],
  livekit_node_packet_total: [...node, 'type'],
  livekit_room_total: node,
  livekit_participant_total: node,
  livekit_participant_join_total: [...node, 'state'],
  livekit_track_published_total: [...node, 'kind'],
  livekit_track_subscribed_total: [...node, 'kind'],
  livekit_track_publish_counter: [...node, 'kind', 'state'],
  livekit_track_subscribe_counter: [...node, 'state', 'error'],
};
