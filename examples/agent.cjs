// The same in CommonJS.
const { cli, defineAgent, ServerOptions, voice } = require('@livekit/agents');
const { monitor, observe } = require('talkgauge');

module.exports = defineAgent({
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

// In the worker: http://127.0.0.1:9464/metrics; in a job it does nothing.
monitor().then(() => cli.runApp(new ServerOptions({ agent: __filename, agentName: 'front-desk' })));
