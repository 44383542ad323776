import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sh } from '../../src/script/index.ts'
import { describeStores } from '../support/stores.ts'
import { siteFilesWith, useWorlds, type World } from '../support/world.ts'

/** Sites by their domains, each a file, which can be asked for. */
const sites = siteFilesWith({
  identity: (site) => site.domain,
  exists: (domain) => sh`[[ -e sites/${domain} ]]`,
  save: (script, site) => script.file(`sites/${site.domain}`, site.body),
  delete: (script, site) => script.absent(`sites/${site.domain}`),
})

describeStores('a name that is not ours, under which a try ended early', (open) => {
  const build = useWorlds(open)

  /** Site 1 stands as `mine`; nobody knows whether a try to name it `theirs`, which is somebody's, made something. */
  async function doubtful(): Promise<{ world: World; theirs: string }> {
    const world = await build({ backends: [sites] })
    await world.work()
    await world.store.query(`insert into site values (1, 'mine', 'body')`)
    await world.calm()
    const theirs = join(world.directory, 'here/sites/theirs')
    await writeFile(theirs, 'of somebody')
    await world.store.query(
      `update orchestra.placement set names = names || jsonb_build_array(jsonb_build_object('identity', 'theirs',
         'state', 'maybe', 'incarnation', 0, 'snapshot', snapshot || '{"domain": "theirs"}'))`,
    )
    return { world, theirs }
  }

  it('holds up no save', async () => {
    const { world, theirs } = await doubtful()
    await world.store.query(`update site set body = 'anew'`)
    await world.calm()
    expect(await world.files()).toEqual({ mine: 'anew', theirs: 'of somebody' })
    expect(await world.store.query('select from orchestra.placement where other_names')).toEqual([])
    expect(await readFile(theirs, 'utf8')).toBe('of somebody')
  })

  it('holds up no removal', async () => {
    const { world } = await doubtful()
    await world.store.query('delete from site')
    await world.calm()
    expect(await world.files()).toEqual({ theirs: 'of somebody' })
    expect(await world.store.query('select from orchestra.placement')).toEqual([])
  })
})
