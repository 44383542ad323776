import { expect, it } from 'vitest'
import type { Decision } from '../../src/collector/decision.ts'
import { intendPlaces } from '../../src/collector/intend.ts'
import { undecided } from '../../src/collector/undecided.ts'
import { describeStores } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

const saved: Decision = {
  ...undecided(
    { model: 'site', key: ['1'], action: 'save', payload: null, unitIds: [], scope: null },
    { kind: 'waiting' },
  ),
  backend: 'files',
  serverId: 1,
  identity: 'one.org',
}

describeStores('a place that is wanted', (open) => {
  const build = useWorlds(open)

  it.each(['create', 'update'] as const)('is made where there is none, for what was to %s', async (kind) => {
    const world = await build()
    const { changed, needless } = await world.store.transaction((tx) =>
      intendPlaces(tx, [{ ...saved, kind }], world.config),
    )
    expect(changed).toMatchObject([{ row: { object_key: '1', want: 'stand', want_identity: 'one.org' } }])
    expect(needless.size).toBe(0)
  })
})
