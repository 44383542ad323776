import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { untilWithin } from '../support/processes.ts'
import { describeStores } from '../support/stores.ts'
import { siteFilesWith, useWorlds, type World } from '../support/world.ts'

/** Sites without a list, by their domains, and a file that all share. */
const unlisted = siteFilesWith({
  prepare: (script) => {
    script.directory('sites')
    script.file('shared', 'of all\n')
  },
  save: (script, site) => script.file(`sites/${site.domain}`, site.body),
  delete: (script, site) => script.absent(`sites/${site.domain}`),
})

describeStores('what stands since before everything was marked', (open) => {
  const build = useWorlds(open)
  const at = (world: World, ...names: string[]) => join(world.directory, 'here', ...names)

  /** Three sites as an older release left them: the store knows them, and the server has no marks. */
  async function upgraded(): Promise<World> {
    const world = await build({ backends: [unlisted] })
    await world.work()
    await world.store.query(
      `insert into site select id, 'd' || id, 'body ' || id from generate_series(1, 3) id`,
    )
    await world.calm()
    await rm(at(world, '.orchestra-state', 'owned'), { recursive: true })
    await world.store.query('update orchestra.placement set unmarked = true')
    await world.store.query(
      'insert into orchestra.unmarked (server_id, backend) select distinct server_id, backend from orchestra.placement',
    )
    return world
  }

  async function refused(world: World): Promise<string> {
    let error = ''
    await untilWithin(20_000, 'something is refused', async () => {
      const found = (await world.operations()).find((one) => one.state === 'waiting' && one.error !== null)
      error = found?.error ?? ''
      return error !== ''
    })
    return error
  }

  it('is changed, renamed and removed as before, and marked then', async () => {
    const world = await upgraded()
    await world.store.query(`update site set body = 'anew' where id = 1`)
    await world.store.query(`update site set domain = 'renamed' where id = 2`)
    await world.store.query('delete from site where id = 3')
    await world.calm()
    expect(await world.files()).toEqual({ d1: 'anew', renamed: 'body 2' })
    expect(await world.store.query('select from orchestra.placement where unmarked')).toEqual([])
    expect(await world.store.query('select from orchestra.unmarked')).toEqual([])
    expect(await readdir(at(world, '.orchestra-state', 'owned', 'files'))).toHaveLength(3)
    await world.store.query('update site set body = body || 1')
    await world.calm()
    expect(await world.files()).toEqual({ d1: 'anew1', renamed: 'body 21' })
  })

  it('is trusted for what it was, and for nothing else', async () => {
    const world = await upgraded()
    await writeFile(at(world, 'sites', 'mine'), 'of somebody')
    await world.store.query(`update site set domain = 'mine' where id = 1`)
    expect(await refused(world)).toContain('sites/mine is on here already and is not ours (ORC_NOT_OURS)')
    expect(await readFile(at(world, 'sites', 'mine'), 'utf8')).toBe('of somebody')
    expect(await readFile(at(world, 'sites', 'd1'), 'utf8')).toBe('body 1')
  })

  it('is not trusted on a server that remembers nothing', async () => {
    const world = await upgraded()
    await rm(at(world, '.orchestra-state'), { recursive: true })
    await world.store.query(`update site set body = 'anew' where id = 1`)
    expect(await refused(world)).toContain('is not ours (ORC_NOT_OURS)')
    expect(await readFile(at(world, 'sites', 'd1'), 'utf8')).toBe('body 1')
  })

  it('leaves no trace of a row that was refused: it goes without a removal', async () => {
    const world = await upgraded()
    await writeFile(at(world, 'sites', 'mine'), 'of somebody')
    await world.store.query(`insert into site values (9, 'mine', 'ours')`)
    expect(await refused(world)).toContain("orchestra adopt --backend files --server here 'site:9'")
    await world.store.query('delete from site where id = 9')
    await world.calm()
    expect(await readFile(at(world, 'sites', 'mine'), 'utf8')).toBe('of somebody')
    expect(await world.store.query(`select from orchestra.placement where object_key = '9'`)).toEqual([])
  })
})
