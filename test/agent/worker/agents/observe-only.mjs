import { fileURLToPath } from 'node:url';
import * as sdk from '@livekit/agents';
import { observe } from 'talkgauge';
import { converse } from './conversation.cjs';
import { serverOptions } from './server-options.cjs';

/** Masks a word given by the job, as a file without `monitor()` would. */
const masking = (session, ctx, { mask, ...options } = {}) =>
  observe(
    session,
    ctx,
    mask ? { ...options, telemetry: { redact: (text) => text.replaceAll(mask, '…') } } : options,
  );

export default sdk.defineAgent({ entry: (ctx) => converse(sdk, ctx, masking) });

sdk.cli.runApp(new sdk.ServerOptions({ agent: fileURLToPath(import.meta.url), ...serverOptions(sdk) }));
