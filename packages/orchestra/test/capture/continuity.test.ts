import { expect, test } from 'vitest'
import { installCapture } from '../../src/capture/index.ts'
import { describeStores } from '../support/stores.ts'
import { model, site, siteTables } from './support.ts'

describeStores('gaps of capture', (open) => {
  const note = model({ name: 'note', table: 'note' })

  async function installed() {
    const store = await open()
    await store.query(`${siteTables}; create table note (id int primary key)`)
    await installCapture(store, [site, note])
    await store.query('delete from orchestra.sync')
    return store
  }

  test.each([
    ['were disabled', 'alter table site disable trigger user'],
    [
      'were off for a moment and are on again',
      'alter table site disable trigger user; alter table site enable trigger user',
    ],
    [
      'went with a table that was recreated',
      'create table copy as table note; drop table note; alter table copy rename to note',
    ],
  ])('make the objects be compared whose triggers %s', async (_, statement) => {
    const store = await installed()
    await store.query(statement)
    const expected = statement.includes('site') ? 'site' : 'note'
    expect(await installCapture(store, [site, note])).toMatchObject({ compared: [expected] })
    const syncs = await store.query('select mode, model, inspects, source, state from orchestra.sync')
    expect(syncs).toEqual([
      { mode: 'sync', model: expected, inspects: false, source: 'capture', state: 'comparing' },
    ])
    expect(await installCapture(store, [site, note])).toMatchObject({ compared: [] })
  })

  test('are there where rows are older than capture, and not where a table is empty', async () => {
    const store = await open()
    await store.query(`${siteTables}; create table note (id int primary key); insert into note values (1)`)
    expect(await installCapture(store, [site, note])).toMatchObject({ compared: ['note'] })
    expect(await store.query('select model from orchestra.sync')).toEqual([{ model: 'note' }])
  })

  test('are none where nothing happened to the triggers', async () => {
    const store = await installed()
    await store.query('insert into note values (1); alter table note add column text text; truncate note')
    expect(await installCapture(store, [site, note])).toMatchObject({ compared: [] })
    expect(await store.query('select from orchestra.sync')).toEqual([])
  })
})
