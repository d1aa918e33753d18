import { relative } from 'node:path';
import type { Reporter, TestModule, Vitest } from 'vitest/node';
import { isInstalled } from './stack/programs.ts';

/** What tests need that is not in the repository: which tests, and what to do about it. The first that fits is named. */
const needs = [
  { of: /^test\/(contributing|stack\/committed)\.test\.ts$/, names: ['git'], install: 'apt-get install git' },
  {
    of: /^test\/page\//,
    names: ['chromium'],
    install: 'apt-get install chromium-headless-shell',
  },
  {
    of: /^test\/(stack|monitoring)\/.*\.test\.ts$/,
    names: ['prometheus', 'promtool', 'prometheus-alertmanager', 'amtool'],
    install: 'apt-get install prometheus prometheus-alertmanager',
  },
  {
    of: /^test\/gateway\//,
    names: ['the Python SDK'],
    install: 'pip install -r test/gateway/python/requirements.txt, and set TALKGAUGE_TEST_PYTHON',
  },
  { of: /egress\.stack\.ts$/, names: ['livekit-server', 'redis-server'], install: 'see CONTRIBUTING.md' },
  { of: /sessions\.stack\.ts$|backends\.test\.ts$/, names: ['tempo', 'loki'], install: 'or a Docker' },
] as const;

/** Says at the end how many tests were skipped, and what was missing on this machine. */
export class SkippedReporter implements Reporter {
  #chosen = false;

  onInit({ config }: Vitest): void {
    this.#chosen = config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // Who asks for tests by name knows of the others.
    if (this.#chosen) return;
    const skipped = new Map<string, number>();
    for (const module of modules) {
      const path = relative(process.cwd(), module.moduleId);
      const need = needs.find(({ of }) => of.test(path));
      const absent = need?.names.filter((name) => !isInstalled(name)) ?? [];
      const reason = absent.length > 0 ? `no ${absent.join(', ')} (${need?.install})` : `see ${path}`;
      const count = [...module.children.allTests('skipped')].length;
      if (count > 0) skipped.set(reason, (skipped.get(reason) ?? 0) + count);
    }
    for (const [reason, count] of skipped) console.log(`Skipped ${count} tests: ${reason}`);
  }
}
