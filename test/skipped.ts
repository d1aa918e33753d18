import { relative } from 'node:path';
import type { Reporter, TestModule, Vitest } from 'vitest/node';
import { isInstalled } from './stack/programs.ts';

/** Programs that tests need and the repository does not contain, with the tests and the way to install them. The first match is reported. */
const needs = [
  {
    tests: /^test\/(contributing|stack\/committed)\.test\.ts$/,
    names: ['git'],
    install: 'apt-get install git',
  },
  {
    tests: /^test\/web\//,
    names: ['chromium'],
    install: 'apt-get install chromium-headless-shell',
  },
  {
    tests: /^test\/(stack|monitoring)\/.*\.test\.ts$/,
    names: ['prometheus', 'promtool', 'prometheus-alertmanager', 'amtool'],
    install: 'apt-get install prometheus prometheus-alertmanager',
  },
  {
    tests: /^test\/gateway\//,
    names: ['the Python SDK'],
    install: 'pip install -r test/gateway/python/requirements.txt, and set TALKGAUGE_TEST_PYTHON',
  },
  { tests: /egress\.stack\.ts$/, names: ['livekit-server', 'redis-server'], install: 'see CONTRIBUTING.md' },
  { tests: /sessions\.stack\.ts$|backends\.test\.ts$/, names: ['tempo', 'loki'], install: 'or a Docker' },
] as const;

/** Newer versions of servers, with which the same tests run once more if they are there. */
const newerVersions = ['prometheus3', 'promtool3', 'alertmanager3', 'amtool3'];

/** Prints at the end how many tests were skipped and which programs are missing on this machine. */
export class SkippedReporter implements Reporter {
  #filtered = false;

  onInit({ config }: Vitest): void {
    this.#filtered = config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // With a name filter, skipped tests are expected.
    if (this.#filtered) return;
    const skipped = new Map<string, number>();
    for (const module of modules) {
      const path = relative(process.cwd(), module.moduleId);
      const need = needs.find(({ tests }) => tests.test(path));
      const absent = need?.names.filter((name) => !isInstalled(name)) ?? [];
      const reason = absent.length > 0 ? `no ${absent.join(', ')} (${need?.install})` : `see ${path}`;
      const count = [...module.children.allTests('skipped')].length;
      if (count > 0) skipped.set(reason, (skipped.get(reason) ?? 0) + count);
    }
    for (const [reason, count] of skipped) console.log(`Skipped ${count} tests: ${reason}`);
    const missing = newerVersions.filter((name) => !isInstalled(name));
    const ofServers = modules.some(({ moduleId }) =>
      /[\\/]test[\\/](?:stack|monitoring)[\\/]/.test(moduleId),
    );
    if (ofServers && missing.length > 0)
      console.log(
        `Not run with newer versions of the servers: no ${missing.join(', ')} (see CONTRIBUTING.md)`,
      );
  }
}
