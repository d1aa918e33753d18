import type { Page } from 'playwright-core';
import { expect, vi } from 'vitest';
import type { TestSession } from '../sessions.ts';

/** Three sessions that differ in every filterable field. */
export const threeSessions: TestSession[] = [
  { job: 'AJ_1', ago: 300, said: 'Where is my parcel?', latency: 0.5 },
  { job: 'AJ_2', ago: 200, agent: 'sales', version: '2.0.0', seconds: 10, latency: 6, toolError: true },
  { job: 'AJ_3', ago: 100, said: 'a parcel, please', interrupted: true, reason: 'error' },
];

/** The IDs of the listed sessions, in order. */
export const visibleSessions = (page: Page) =>
  page
    .locator('a[data-session]')
    .evaluateAll((links) => links.map((link) => link.getAttribute('data-session')));

export const expectSessions = (page: Page, ids: string[]) =>
  vi.waitFor(async () => expect(await visibleSessions(page)).toEqual(ids), 20_000);

export const search = (page: Page) => new URL(page.url()).search;
