import { expect, it } from 'vitest'
import { resolveUnit, shortUnit } from '../../src/placements/index.ts'
import { describeStores } from '../support/stores.ts'

const ids = [
  'abcd1234-0000-4000-8000-000000000001',
  'abcd1234-0000-4000-8000-000000000002',
  '12345678-0000-4000-8000-000000000003',
]

describeStores('the id of a unit of work', (open) => {
  it('is found by its beginning, and named where that is several', async () => {
    const store = await open()
    for (const id of ids)
      await store.query('insert into orchestra.unit (id, created_at) values ($1, now())', [id])
    expect(await resolveUnit(store, '1234')).toBe(ids[2])
    expect(await resolveUnit(store, ids[0]?.toUpperCase() ?? '')).toBe(ids[0])
    expect(await resolveUnit(store, '12345678-00')).toBe(ids[2])
    await expect(resolveUnit(store, 'abcd1234')).rejects.toMatchObject({
      code: 'ORC_UNIT_AMBIGUOUS',
      message: expect.stringContaining(`${ids[0]}, ${ids[1]}`),
    })
    for (const text of ['123', 'abce', 'xyz12345', "1234'", `${ids[0]}0`])
      await expect(resolveUnit(store, text), text).rejects.toMatchObject({ code: 'ORC_UNIT_UNKNOWN' })
  })
})

it('is shown as short as it can be told from the others', () => {
  expect(shortUnit(ids[2] ?? '', ids)).toBe('12345678')
  expect(shortUnit(ids[0] ?? '', ids)).toBe(ids[0])
})
