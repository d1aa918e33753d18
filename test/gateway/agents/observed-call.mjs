/** A simulated call, with voices, that Talkgauge observes in its job, and that the SDK records and uploads. */
import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cli, defineAgent, ServerOptions } from '@livekit/agents';
import { monitor, observe } from 'talkgauge';
import { createCall } from '../../../build/simulate/call.js';
import { watchIncidents } from '../../../build/simulate/incidents.js';

export default defineAgent({
  entry: async (ctx) => {
    const { plan, directory, log, withoutMarkers, record } = JSON.parse(ctx.job.metadata);
    const writeLine = (what) => appendFileSync(log, `${JSON.stringify(what)}\n`);
    writeLine({ pid: process.pid });
    const call = createCall({ plan, speed: 3, incidents: watchIncidents(directory), record: true });
    observe(call.session, ctx, { record });
    // Without the attribute, the gateway also measures the session that the worker measures.
    if (withoutMarkers) {
      delete call.session.sessionOptions['talkgauge.observed'];
      const { tracing } = await import('@opentelemetry/sdk-node');
      const span = new tracing.BasicTracerProvider().getTracer('any').startSpan('any');
      const spans = Object.getPrototypeOf(span);
      const { setAttribute } = spans;
      spans.setAttribute = function (key, value) {
        return key === 'talkgauge.observed' ? this : setAttribute.call(this, key, value);
      };
    }
    process.on('exit', () => writeLine({ exit: Date.now() }));
    const endCall = () => {
      writeLine({ shutdown: Date.now() });
      ctx.shutdown('the call is over');
    };
    call.play().then(endCall, (error) => {
      writeLine({ error: error.message });
      endCall();
    });
  },
});

await monitor();

if (process.send === undefined) {
  cli.runApp(
    new ServerOptions({
      agent: fileURLToPath(import.meta.url),
      host: '127.0.0.1',
      port: Number(process.env.TEST_SERVER_PORT),
      agentName: 'front-desk',
      // A busy machine needs longer than the SDK's default of ten seconds.
      initializeProcessTimeout: 60_000,
    }),
  );
}
