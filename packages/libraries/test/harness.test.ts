import type { Orchestra } from 'orchestrajs'
import { describe, expect, test } from 'vitest'
import { openSites } from '../src/pg.ts'
import { checkScenario, useApplication } from './harness/library.ts'
import { scenarios } from './harness/scenarios.ts'

/** Leaves the pool as it is. */
const unbound = (orchestra: Orchestra) =>
  ({ pool: (pool) => pool, currentUnit: () => orchestra.currentUnit() }) as Pick<
    Orchestra,
    'pool' | 'currentUnit'
  > as Orchestra

describe('an application whose writes are bound to no unit', () => {
  const application = useApplication({
    serve: 'fastify',
    open: (orchestra, databaseUrl) => openSites(unbound(orchestra), databaseUrl),
  })

  test.each(scenarios)('is found out by a request that $name', async (scenario) => {
    await expect(checkScenario(application, scenario)).rejects.toThrow(/expected/)
  })
})
