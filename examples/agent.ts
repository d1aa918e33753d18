/** An agent whose calls show in Prometheus: `import` one package, add two lines. */
import { cli, defineAgent, ServerOptions, voice } from '@livekit/agents';
import { monitor, observe } from 'talkgauge';

export default defineAgent({
  entry: async (ctx) => {
    const session = new voice.AgentSession({
      stt: 'deepgram/nova-3',
      llm: 'openai/gpt-4o-mini',
      tts: 'cartesia/sonic-2',
    });
    observe(session, ctx); // in the job, before the session starts
    const agent = new voice.Agent({ instructions: 'You answer the phone at the front desk. Be brief.' });
    await session.start({ agent, room: ctx.room });
    await ctx.connect();
    session.generateReply({ instructions: 'Greet the caller.' });
  },
});

await monitor(); // in the worker: http://127.0.0.1:9464/metrics; in a job it does nothing
cli.runApp(new ServerOptions({ agent: import.meta.filename, agentName: 'front-desk' }));
