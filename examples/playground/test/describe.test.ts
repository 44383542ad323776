import { describe, expect, it } from 'vitest'
import { describeNews, type Paint } from '../describe.ts'
import type { OperationNews, ScriptNews, UnitNews } from '../news.ts'

const plain: Paint = (_tone, text) => text

const operation: OperationNews = {
  action: 'save',
  object: 'site:1',
  identity: 'shop.example',
  backend: 'pages',
  server: 'north',
  outcome: null,
  changed: null,
  error: null,
  retryIn: null,
}

const unit: UnitNews = {
  kind: 'unit',
  id: '8ba5a268-0000-4000-8000-000000000000',
  at: new Date(2026, 0, 2, 3, 4, 5),
  actor: 'ada',
  source: 'POST /sites',
  operations: [operation, { ...operation, server: 'south' }],
  count: 2,
}

const script: ScriptNews = {
  kind: 'script',
  id: 7,
  at: new Date(2026, 0, 2, 3, 4, 5),
  server: 'north',
  backend: 'pages',
  state: 'SUCCESS',
  error: null,
  milliseconds: 12,
  operations: [{ ...operation, outcome: 'success', changed: true }],
  count: 1,
  changed: 1,
  failed: 0,
}

describe('the live view', () => {
  it('tells who committed what, and where it goes', () => {
    expect(describeNews(unit, plain)).toEqual([
      '03:04:05 ◆ committed by ada (POST /sites) unit 8ba5a268',
      '           save site:1 shop.example → north pages, south pages',
    ])
  })

  it('tells that a unit concerns no server', () => {
    expect(describeNews({ ...unit, operations: [], count: 0 }, plain)[1]).toContain('no server is concerned')
  })

  it('tells the outcome of a script, and that of an operation that failed', () => {
    expect(describeNews(script, plain)).toEqual([
      '03:04:05 ✔ north  pages      script 7 SUCCESS in 12 ms: save site:1 shop.example',
    ])
    const failed = { ...operation, outcome: 'failure', error: 'exit status 2', retryIn: 4_600 } as const
    const half = { ...script, state: 'FAILURE', operations: [failed], count: 3, changed: 2, failed: 1 }
    expect(describeNews(half, plain)).toEqual([
      '03:04:05 ✘ north  pages      script 7 FAILURE in 12 ms: 3 operations, 2 changed, 0 unchanged, 1 failed',
      '           save site:1 shop.example failure: exit status 2 (tried again in 5 s)',
    ])
  })

  it('counts what it does not show', () => {
    const lines = describeNews({ ...unit, count: 4_000 }, plain)
    expect(lines.at(-1)).toContain('and 3998 more operations')
  })

  it('lets no text of the database command the terminal', () => {
    const hostile = { ...operation, identity: '\u001b]0;owned\u0007\u001b[2J', error: '\u009b31m\n\r' }
    const news = [
      { ...unit, actor: '\u001b[31m', operations: [hostile] },
      { ...unit, operations: [{ ...hostile, server: null, outcome: 'failure' as const }] },
      { ...script, error: '\u001b[1m', operations: [{ ...hostile, outcome: 'failure' as const }], failed: 1 },
      { ...script, operations: [hostile] },
    ]
    for (const line of news.flatMap((one) => describeNews(one, plain))) expect(line).not.toMatch(/\p{Cc}/u)
  })
})
