import { expect, test } from 'vitest';
import { read, withDefaults } from './repository.ts';

const compose = read('docker-compose.yml').replaceAll(/^\s*#.*$/gm, '');
const example = Object.fromEntries(
  [...read('.env.example').matchAll(/^#([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
);

test('.env.example names all variables of docker-compose.yml, and no others', () => {
  const used = new Set([...compose.matchAll(/\$\{(\w+)/g)].map(([, name]) => name));
  expect(used.size).toBeGreaterThan(10);
  expect(Object.keys(example).toSorted()).toEqual([...used].toSorted());
});

test('.env.example has the defaults', () => {
  const defaults: Record<string, string> = {};
  // From the innermost, because the default of a URL contains the default of a port.
  let text = compose.replaceAll(/\$\{(\w+):\+[^${}]*\}/g, (_, name) => {
    defaults[name] = '';
    return '';
  });
  while (/\$\{\w+:-[^${}]*\}/.test(text)) {
    for (const [, name = '', value = ''] of text.matchAll(/\$\{(\w+):-([^${}]*)\}/g))
      defaults[name] ??= value;
    text = text.replaceAll(/\$\{\w+:-([^${}]*)\}/g, '$1');
  }
  expect(text).toBe(withDefaults(compose));
  expect(example).toEqual(defaults);
});

test('a copy of .env.example sets no variable, so that a changed port also changes the URL', () => {
  expect(read('.env.example').match(/^[^#\n].*$/gm)).toBe(null);
});

test('.env.example contains no secret', () => {
  expect(Object.keys(example).filter((name) => /PASSWORD|TOKEN|SECRET|KEY/.test(name))).toEqual([]);
});

test('docs/stack.md names only these settings', () => {
  const named = [...read('docs/stack.md').matchAll(/\b[A-Z]+_[A-Z_]*[A-Z]\b/g)].map(([name]) => name);
  expect(named.length).toBeGreaterThan(10);
  // Variables of agents and the gateway, and the argument of the Dockerfile.
  const others = /^(TALKGAUGE|OTEL|LIVEKIT)_|^NODE_IMAGE$/;
  const settings = named.filter((name) => !others.test(name));
  expect(settings.filter((name) => !Object.hasOwn(example, name))).toEqual([]);
});
