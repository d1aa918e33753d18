import { inSeconds } from '../../build/agent/livekit/sdk-event.js';
import { connectRelay } from '../../build/agent/relay/client.js';
import { SessionObserver } from '../../build/session/session-observer.js';
import { answer } from '../children.mjs';
import { calls } from '../events.mjs';

// A job that has had a call or two and is connected.
const [socket, seed] = process.argv.slice(2);
const relay = connectRelay({ path: socket, identity: { agent_name: 'front-desk', agent_version: '1.4.0' } });
for (const call of calls(Number(seed))) {
  const observer = new SessionObserver();
  for (const [name, event] of call) {
    for (const observation of observer.handle(name, inSeconds(name, event))) relay.record(observation);
  }
}

answer({ flush: () => relay.flush(30_000) }, () => relay.close(1_000));
