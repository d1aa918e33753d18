import { fileURLToPath } from 'node:url';
import * as sdk from '@livekit/agents';
import { monitor, observe, recordRoom } from 'talkgauge';
import { converse } from './conversation.cjs';
import { serverOptions } from './server-options.cjs';

export default sdk.defineAgent({ entry: (ctx) => converse(sdk, ctx, observe, recordRoom) });

await monitor();
sdk.cli.runApp(new sdk.ServerOptions({ agent: fileURLToPath(import.meta.url), ...serverOptions(sdk) }));
