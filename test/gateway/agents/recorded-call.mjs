/** A simulated call, with voices, that the SDK records and uploads. */
import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cli, defineAgent, ServerOptions } from '@livekit/agents';
import { createCall } from '../../../build/simulate/call.js';
import { watchIncidents } from '../../../build/simulate/incidents.js';

export default defineAgent({
  entry: async (ctx) => {
    const { plan, directory, log } = JSON.parse(ctx.job.metadata);
    const writeLine = (what) => appendFileSync(log, `${JSON.stringify(what)}\n`);
    const call = createCall({ plan, speed: 3, incidents: watchIncidents(directory), record: true });
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
