import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sleep } from './measure.mjs';

/** Milliseconds that a process has to exit before it is killed. */
const exitTimeout = 3_000;

/** Child processes. `stop` ends all of them. */
export class Children {
  #running = new Set();
  #closed = false;
  #env;

  /** @param directory where the processes put their temporary files */
  constructor(directory) {
    // A setting of the user's must not reach what is measured.
    const own = Object.entries(process.env).filter(
      ([name]) => !/^(TALKGAUGE|LIVEKIT|OTEL|NODE_OPTIONS)/.test(name),
    );
    this.#env = { ...Object.fromEntries(own), TMPDIR: directory };
  }

  /** Starts a module that calls `answer`. `options` are those of `fork`; `env` comes on top of this process's. */
  start(url, args = [], { env, ...options } = {}) {
    if (this.#closed) throw new Error('no more processes are started');
    const child = new Child(
      fork(fileURLToPath(url), args.map(String), { ...options, env: { ...this.#env, ...env } }),
    );
    this.#running.add(child);
    child.exited.then(() => this.#running.delete(child));
    return child;
  }

  /** Ends them for good: none is started afterwards. */
  close() {
    this.#closed = true;
    return this.stop();
  }

  async stop() {
    await Promise.all([...this.#running].map((child) => child.stop()));
  }
}

class Child {
  #process;
  #questions = new Map();
  #asked = 0;

  constructor(process) {
    this.#process = process;
    process.on('message', (message) => this.#answered(message));
    process.on('error', () => {}); // a message to a process that has just ended
    this.exited = once(process, 'exit').then(([code, signal]) => {
      for (const { reject } of this.#questions.values()) reject(new Error(`it ended: ${signal ?? code}`));
      this.#questions.clear();
    });
  }

  get pid() {
    return this.#process.pid;
  }

  /** Takes messages that are no answers. */
  onMessage(listener) {
    this.#process.on('message', (message) => {
      if (message?.answer === undefined) listener(message);
    });
  }

  /** Calls what the process answers by that name. */
  ask(name, argument) {
    return new Promise((resolve, reject) => {
      if (!this.#process.connected) return reject(new Error(`${name}: the process has ended`));
      const ask = ++this.#asked;
      this.#questions.set(ask, { resolve, reject });
      this.#process.send({ ask, name, argument });
    });
  }

  signal(name) {
    process.kill(this.pid, name);
  }

  async stop() {
    if (this.#process.connected) this.#process.disconnect();
    await Promise.race([this.exited, sleep(exitTimeout)]);
    this.#process.kill('SIGKILL'); // by its id; does nothing when it has ended
    await this.exited;
  }

  #answered({ answer, result, error }) {
    const question = this.#questions.get(answer);
    this.#questions.delete(answer);
    if (error === undefined) question?.resolve(result);
    else question?.reject(new Error(error));
  }
}

/**
 * In a child: answers what its parent asks, and ends with its parent.
 *
 * @param answers a function for each question
 * @param end what is to be done before the end
 */
export function answer(answers, end = () => {}) {
  process.on('SIGINT', () => {}); // Ctrl-C reaches all; the parent ends its children in order
  process.on('error', () => {}); // an answer to a parent that has just gone
  process.on('disconnect', async () => {
    await end();
    process.exit();
  });
  const reply = (message) => process.connected && process.send(message);
  process.on('message', async ({ ask, name, argument }) => {
    if (ask === undefined) return;
    try {
      reply({ answer: ask, result: await answers[name](argument) });
    } catch (error) {
      reply({ answer: ask, error: `${name}: ${error?.stack ?? error}` });
    }
  });
}
