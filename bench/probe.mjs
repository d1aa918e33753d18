import { monotonic } from './measure.mjs';

/** A series that the load has no other use for. */
const metric = 'lk_agents_avatar_playback_latency_seconds';

/** A sample that says when it was recorded, on the clock that all processes share. */
export const probe = (transport, moment) => ({
  metric,
  labels: { model_provider: 'probe', model_name: transport },
  value: moment,
});

/** Collects how long probes took from being recorded until they are in the registry, where a scrape shows them. */
export class Lags {
  relay = [];
  send = [];

  /** What was collected since the last time. */
  take() {
    const taken = { relay: this.relay, send: this.send };
    this.relay = [];
    this.send = [];
    return taken;
  }

  /** Called for each sample right after it was added. */
  added(name, labels, value) {
    if (name === metric) this[labels.model_name].push(monotonic() - value);
  }

  /** The recorder, with an eye on the probes that pass through it; all else goes the direct way. */
  watch(recorder) {
    return {
      ...recorder,
      series: (name, labels, identity) => {
        const series = recorder.series(name, labels, identity);
        if (name !== metric || !series) return series;
        return {
          add: (value, exemplar) => {
            series.add(value, exemplar);
            this.added(name, labels, value);
          },
        };
      },
    };
  }
}
