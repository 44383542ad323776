import { expect, test } from 'vitest'
import { type WaitFacts, waitsFor } from '../../src/placements/waiting.ts'

const free: WaitFacts = {
  object: 'site:1',
  backend: 'files',
  state: 'waiting',
  cancelledBy: null,
  server: 'web1',
  outcome: null,
  error: null,
  attempt: 0,
  nextTry: null,
  held: false,
  heldRoutes: [],
  wait: null,
  waitServer: null,
  chain: { root: null, isStuck: false },
  isTried: false,
  isReplacing: false,
  isBehind: false,
  pausedBy: null,
  pausedReason: null,
  serverHeldBy: null,
  serverHeldReason: null,
  serverHeldUntil: null,
  blockedReason: null,
  blockedSince: null,
  blockedUntil: null,
  hasWorker: true,
  isUnknown: false,
  lastKnown: null,
}

test('what has ended waits for nothing', () => {
  expect(waitsFor({ ...free, state: 'done' })).toBeNull()
  expect(waitsFor({ ...free, state: 'superseded', pausedBy: 'ann' })).toBeNull()
})

test.each<[string, Partial<WaitFacts>, string]>([
  ['running', { state: 'running', pausedBy: 'ann' }, 'its script runs now'],
  [
    'configuration',
    { isUnknown: true, lastKnown: { host: 'web', generation: 3 } },
    'it waits for a worker whose configuration has backend "files" (last known by host web, generation 3): define it again, or give up what it placed: `orchestra forget site:1 --backend files`',
  ],
  [
    'cancelled',
    { state: 'done', cancelledBy: 'ann' },
    'cancelled by ann: ask for it with `orchestra retry site:1`',
  ],
  ['object', { server: null, error: 'site:1: plan is missing' }, 'site:1: plan is missing'],
  ['paused', { pausedBy: 'ann', pausedReason: 'move' }, 'everything is paused by ann: move'],
  ['server-held', { serverHeldBy: 'bob', nextTry: 'T' }, 'server web1 is held by bob'],
  ['route-disabled', { held: true, heldRoutes: [7] }, 'route 7 is disabled'],
  ['route-disabled', { held: true, heldRoutes: [7, 9] }, 'routes 7, 9 are disabled'],
  ['route-disabled', { held: true }, 'only disabled routes lead there'],
  [
    'name',
    { wait: { kind: 'name', identity: 'a.org', object: 'site:2' } },
    'it waits for the name "a.org", which site:2 has there or asked for before',
  ],
  [
    'name',
    {
      wait: { kind: 'name', identity: 'a.org', object: 'site:2' },
      chain: { root: 'site:3', isStuck: true },
    },
    'it waits for the name "a.org", which site:2 has there or asked for before, which waits for site:3, which was cancelled: `orchestra retry site:3`',
  ],
  [
    'move',
    { wait: { kind: 'place', server: '0000000002' }, waitServer: 'web2' },
    'it stays until the object stands on web2',
  ],
  [
    'move',
    { wait: { kind: 'data', server: '0000000002' }, waitServer: 'web2' },
    'it waits until its data has arrived on web2',
  ],
  [
    'protection',
    { wait: { kind: 'protection' } },
    'it is protected: lift that with `orchestra unprotect` or in the configuration',
  ],
  [
    'person',
    { wait: { kind: 'person', why: 'nowhere to go' } },
    'it has data, and no server is there to take it: add a route, or give it up with `orchestra forget`',
  ],
  [
    'server-blocked',
    { blockedReason: 'connection refused', blockedSince: 'S', blockedUntil: 'U' },
    'server web1 is blocked since S: connection refused, next try U',
  ],
  ['retry', { error: 'a step failed', attempt: 3, nextTry: 'T' }, 'a step failed (attempt 3, next try T)'],
  ['no-worker', { hasWorker: false }, 'no worker runs: start one with `orchestra up`'],
  ['turn', {}, 'it is next in its lane'],
  ['turn', { isTried: true }, 'what was wanted there before is settled first'],
  ['turn', { isReplacing: true }, 'its key was used before: what that object left there goes first'],
])('an operation that waits for %s says so', (kind, facts, text) => {
  expect(waitsFor({ ...free, ...facts })).toEqual({ kind, text })
})

test('where nobody knows the backend, nothing else is waited for', () => {
  const held = {
    wait: { kind: 'name', identity: 'a.org', object: 'site:2' },
    blockedReason: 'no route',
  } as const
  expect(waitsFor({ ...free, ...held, isUnknown: true })?.kind).toBe('configuration')
})

test('what a person must lift is named before what time will lift', () => {
  const all = { pausedBy: 'ann', serverHeldBy: 'bob', held: true, blockedReason: 'no route', nextTry: 'T' }
  expect(waitsFor({ ...free, ...all })?.kind).toBe('paused')
  expect(waitsFor({ ...free, ...all, pausedBy: null })?.kind).toBe('server-held')
  expect(waitsFor({ ...free, ...all, pausedBy: null, serverHeldBy: null })?.kind).toBe('route-disabled')
})
