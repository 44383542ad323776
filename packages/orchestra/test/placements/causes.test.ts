import { expect, test } from 'vitest'
import { causesOf } from '../../src/placements/index.ts'

const failed = (id: number, error: string, more: object = {}) => ({
  object: `site:${id}`,
  action: 'save',
  outcome: 'failure',
  error,
  ...more,
})

test('errors that differ in the object, its name and numbers only are one cause', () => {
  const causes = causesOf([
    failed(1, 'site:1 does not fit: domain "B ad"', { nextTry: '2026-01-01T00:00:09.000Z' }),
    failed(2, 'nginx: unknown directive in /etc/nginx/a.example.conf:3', { identity: 'a.example', logId: 7 }),
    failed(12, 'site:12 does not fit: domain "C d"', { nextTry: '2026-01-01T00:00:05.000Z' }),
    failed(3, 'nginx: unknown directive in /etc/nginx/b.example.conf:14', {
      identity: 'b.example',
      logId: 8,
    }),
    failed(4, 'site:4 does not fit: domain "E"'),
  ])
  expect(causes).toMatchObject([
    {
      count: 3,
      error: 'site:1 does not fit: domain "B ad"',
      objects: ['site:1', 'site:12', 'site:4'],
      nextTry: '2026-01-01T00:00:05.000Z',
    },
    { count: 2, logId: 7 },
  ])
})

test('another action, backend, outcome, route or text is another cause', () => {
  const one = failed(1, 'no space left')
  expect(causesOf([one, { ...one, action: 'delete' }, { ...one, outcome: 'timeout' }])).toHaveLength(3)
  expect(causesOf([one, { ...one, backend: 'b' }, { ...one, error: 'no route to host' }])).toHaveLength(3)
  const route = (match: string) => failed(1, `Route 3 (page to a, ${match}) fails for site:1: x is null`)
  expect(causesOf([route('site.a == "b"'), route('site.a == "c"')])).toHaveLength(2)
  expect(causesOf([])).toEqual([])
})
