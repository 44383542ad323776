import { describe, expect, it } from 'vitest'
import { tryRoute } from '../../src/router/index.ts'
import { aSite, site } from './sites.ts'

describe('tryRoute', () => {
  it('counts what matches among at most 100 objects, with examples and errors', async () => {
    const asked: number[] = []
    const trial = await tryRoute(
      site,
      'site.plan == "pro" && site.note != "x" && site.owner.id > 0',
      async (limit) => {
        asked.push(limit)
        return Array.from({ length: 150 }, (_, index) => ({
          name: `site:${index}`,
          object: {
            ...aSite,
            plan: index % 2 === 0 ? 'pro' : 'free',
            owner: index === 4 ? null : aSite.owner,
          },
        }))
      },
    )
    expect(asked).toEqual([100])
    expect(trial).toEqual({
      asksServer: false,
      tried: 100,
      matched: 49,
      matching: ['site:0', 'site:2', 'site:6', 'site:8', 'site:10'],
      others: ['site:1', 'site:3', 'site:5', 'site:7', 'site:9'],
      errors: [{ name: 'site:4', reason: expect.stringContaining('site.owner is null') }],
    })
  })

  it('refuses an expression before it loads anything', async () => {
    const never = () => Promise.reject(new Error('it loaded'))
    await expect(tryRoute(site, 'site.plann', never)).rejects.toMatchObject({ code: 'ORC_ROUTE_INVALID' })
  })
})
