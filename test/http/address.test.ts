import { expect, test } from 'vitest';
import { baseUrl, isLoopback } from '../../src/http/address.ts';

test.each([
  ['127.0.0.1', true],
  ['127.8.9.10', true],
  ['::1', true],
  ['localhost', true],
  ['app.localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['128.0.0.1', false],
  ['metrics.example', false],
  ['localhost.example', false],
])('%s is loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

test('the URL of a server on every interface names an address that can be opened', () => {
  expect(baseUrl('http', '0.0.0.0', 9464)).toBe('http://127.0.0.1:9464');
  expect(baseUrl('https', '::', 9464)).toBe('https://[::1]:9464');
  expect(baseUrl('http', 'localhost', 80)).toBe('http://localhost:80');
});
