const sdk = require('@livekit/agents');
const { converse } = require('./conversation.cjs');
const { serverOptions } = require('./server-options.cjs');

module.exports = { default: sdk.defineAgent({ entry: (ctx) => converse(sdk, ctx) }) };

sdk.cli.runApp(new sdk.ServerOptions({ agent: __filename, ...serverOptions(sdk) }));
