import { expect, test } from 'vitest'
import { addUser, type Grant, type Permission, removeUser } from '../../src/access/index.ts'
import { everything, type Scope } from '../../src/access/scope.ts'
import { MOST_VIEWS } from '../../src/access/views.ts'
import type { Principal } from '../../src/operate/context.ts'
import { operations } from '../../src/operate/index.ts'
import type { AnyVerb } from '../../src/operate/verb.ts'
import { ask, askerOf } from '../operate/world.ts'
import { describePostgres } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

describePostgres('saved views', (open) => {
  const build = useWorlds(open)

  test('are of an account or of a token, and shown to others by whoever may share', async () => {
    const world = await build()
    const asking = (principal: Principal) => (name: string, given: object) => {
      const verb = operations.find((one) => one.name === name) as AnyVerb
      return ask(verb, given, { ...askerOf(world), principal })
    }
    for (const name of ['ana', 'bo']) await addUser(world.store, { name, role: 'viewer' }, { by: 'test' })
    const person = (accountId: number, given: Permission[] = [], scope: Partial<Scope> = {}) => {
      const grants: Grant[] = [
        { permissions: new Set<Permission>(['status.read', ...given]), scope: { ...everything, ...scope } },
      ]
      return { grants, accountId, by: 1 }
    }
    const ana = asking({ kind: 'user', name: 'ana', ...person(1) })
    const token = asking({ kind: 'token', name: 'token:ci', ...person(1) })
    const bo = asking({ kind: 'user', name: 'bo', ...person(2, ['view.share']) })
    const limited = asking({ kind: 'user', name: 'cy', ...person(3, ['view.share'], { servers: ['web1'] }) })

    const mine = { name: 'mine', page: 'logs', q: 'is:failed' }
    expect(await ana('view.save', mine)).toMatchObject({ id: 1, owner: 'ana', own: true, shared: false })
    // A token is not whom it belongs to.
    expect(await token('view.save', { ...mine, name: 'of a program' })).toMatchObject({ own: true })
    expect(await token('view.list', {})).toMatchObject([{ name: 'of a program', owner: 'token:ci' }])
    for (const name of ['view.set', 'view.remove'])
      await expect(token(name, { view: 1 }), name).rejects.toMatchObject({ code: 'ORC_VIEW_UNKNOWN' })
    expect(await ana('view.save', { ...mine, q: 'is:ended' })).toMatchObject({ id: 1, own: true })
    expect(await ana('view.list', { page: 'logs' })).toMatchObject([{ q: 'is:ended', sort: null }])
    expect(await ana('view.list', { page: 'servers' })).toEqual([])
    expect(await bo('view.list', {})).toEqual([])
    const hidden = { code: 'ORC_VIEW_UNKNOWN' }
    await expect(bo('view.set', { view: 1, q: '' })).rejects.toMatchObject(hidden)
    await expect(bo('view.remove', { view: 1 })).rejects.toMatchObject(hidden)

    const forbidden = { code: 'ORC_FORBIDDEN', message: expect.stringContaining('view.share') }
    for (const one of [ana, limited])
      await expect(one('view.save', { ...mine, name: 'ours', shared: true })).rejects.toMatchObject(forbidden)
    await expect(ana('view.set', { view: 1, shared: true })).rejects.toMatchObject(forbidden)
    const { id: view } = (await bo('view.save', { ...mine, name: 'ours', shared: true })) as { id: number }
    expect(await ana('view.list', {})).toMatchObject([
      { name: 'mine', own: true },
      { name: 'ours', own: false, owner: 'bo' },
    ])
    await expect(ana('view.remove', { view })).rejects.toMatchObject(forbidden)
    await expect(ana('view.set', { view, name: 'x' })).rejects.toMatchObject(forbidden)
    await ana('view.save', { ...mine, name: 'second' })
    await expect(ana('view.set', { view: 1, name: 'second' })).rejects.toMatchObject({
      code: 'ORC_VIEW_EXISTS',
    })

    await world.store.query(
      `insert into orchestra.view (owner_key, owner, name, page, query, shared)
       select 'account:2', 'bo', 'n' || n, 'logs', '', false from generate_series(2, ${MOST_VIEWS}) n`,
    )
    await expect(bo('view.save', { ...mine, name: 'more' })).rejects.toMatchObject({ code: 'ORC_VIEW_LIMIT' })
    expect(await bo('view.save', { ...mine, name: 'ours' })).toMatchObject({ id: view, shared: false })
    for (const wrong of [{ page: 'No Page' }, { sort: 'a b' }, { name: '' }, { q: 'a\u0000' }])
      await expect(ana('view.save', { ...mine, ...wrong })).rejects.toMatchObject({
        code: 'ORC_INPUT_INVALID',
      })
    for (const [page, q] of [
      ['logs', 'is:nothing'],
      ['servers', 'state:failed'],
    ])
      await expect(ana('view.save', { name: 'wrong', page, q })).rejects.toMatchObject({
        code: 'ORC_QUERY_INVALID',
      })
    await expect(ana('view.set', { view: 1, page: 'servers' })).rejects.toMatchObject({
      code: 'ORC_QUERY_INVALID',
    })
    expect(await ana('view.save', { name: 'own page', page: 'dashboard', q: 'a:b' })).toMatchObject({
      page: 'dashboard',
    })
    const views = (await ana('view.list', {})) as { id: number; own: boolean }[]
    const own = views.filter((one) => one.own).slice(0, 2)
    const renamed = own.map(({ id }) =>
      ana('view.set', { view: id, name: 'same' }).catch((error) => error.code),
    )
    expect(await Promise.all(renamed)).toContain('ORC_VIEW_EXISTS')
    await removeUser(world.store, 'ana', { by: 'test' })
    expect(await world.store.query(`select from orchestra.view where owner in ('ana', 'token:ci')`)).toEqual(
      [],
    )
  })
})
