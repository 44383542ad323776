import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { BackendOptions, Transfer } from '../../src/config/backend.ts'
import { type Backend, defineBackend, defineModel, type Secret, secret, sh } from '../../src/index.ts'
import { objectsOf } from '../../src/script/objects.ts'
import { Recorder } from '../../src/script/recorder.ts'

const canary = `CANARY it's-"4711"-sparrow`
const fragments = [
  'CANARY it',
  'sparrow',
  ...['CANARY it', '711"-sparrow'].map((one) => Buffer.from(one).toString('hex')),
]

const Account = defineModel({
  name: 'account',
  table: 'account',
  schema: z.object({ id: z.int(), password: z.string() }),
  secrets: ['password'],
})
type Options = BackendOptions<typeof Account.schema, 'password'>
type FunctionsOf<T> = {
  [Name in keyof T]-?: Extract<NonNullable<T[Name]>, (...given: never[]) => unknown> extends never
    ? never
    : Name & string
}[keyof T]
type Verify = NonNullable<Transfer<unknown>['verify']>
/** Every function that an application may write in a backend. */
type Hook =
  | FunctionsOf<Options>
  | 'actions'
  | `transfer.${FunctionsOf<Transfer<unknown>>}`
  | `transfer.verify.${FunctionsOf<Verify>}`

const object = { id: 1, password: secret(canary, 'account.password') }
type Fail = (password: Secret) => never

/** A class that keeps what it tells to itself. */
class Hidden extends Error {
  readonly #told: string
  constructor(told: string) {
    super('hidden')
    this.#told = told
  }
  toJSON() {
    return { told: this.#told }
  }
}
class Telling extends Error {
  readonly #told: string
  constructor(told: string) {
    super('telling')
    this.#told = told
  }
  override toString() {
    return this.#told
  }
}

const ways: Record<string, Fail> = {
  'its message': (password) => {
    throw new Error(`no: ${password.reveal()}`)
  },
  'its message, encoded': (password) => {
    throw new Error(
      `no: ${Buffer.from(password.reveal()).toString('hex')} ${JSON.stringify(password.reveal())}`,
    )
  },
  'its stack': (password) => {
    const error = new Error('see the stack')
    error.stack = `Error: ${password.reveal()}\n    at nowhere`
    throw error
  },
  'its cause': (password) => {
    throw new Error('outer', { cause: new Error('inner', { cause: { value: password.reveal() } }) })
  },
  'a property': (password) => {
    throw Object.assign(new Error('x'), { config: { headers: { authorization: password.reveal() } } })
  },
  'a property that is not shown': (password) => {
    throw Object.defineProperty(new Error('x'), 'request', { value: { body: password.reveal() } })
  },
  'its JSON': (password) => {
    throw new Hidden(password.reveal())
  },
  'its text': (password) => {
    throw new Telling(password.reveal())
  },
  'no error': (password) => {
    throw password.reveal()
  },
  'what a secret is made of': (password) =>
    password.map((value) => {
      throw new Error(`no: ${value}`)
    }) as never,
}

const drawn = (piece: unknown) => piece

/** How each is written and reached. `make` gets what throws; `call` uses the backend as Orchestra does. */
const hooks = {
  identity: [
    (fail) => ({ identity: ({ password }) => fail(password) }),
    ({ identity }) => identity?.(object as never),
  ],
  prepare: [(fail) => ({ prepare: () => fail(object.password) }), ({ prepare }) => prepare?.(new Recorder())],
  save: [
    (fail) => ({ save: (_, { password }) => fail(password) }),
    ({ save }) => save?.(new Recorder(), object as never),
  ],
  delete: [
    (fail) => ({ delete: (_, { password }) => fail(password) }),
    (backend) => backend.delete?.(new Recorder(), object as never),
  ],
  sync: [
    (fail) => ({
      sync: (script, all) =>
        script.file(
          '/a',
          all.map(({ password }) => fail(password)),
        ),
    }),
    ({ sync }) => {
      const recorder = new Recorder()
      sync?.(recorder, objectsOf([object]) as never)
      for (const step of recorder.steps)
        if (step.kind === 'streamed-file')
          for (const piece of step.pieces)
            if ('pieces' in piece) for (const one of piece.pieces() as Iterable<unknown>) drawn(one)
    },
  ],
  rename: [
    (fail) => ({ rename: (_, __, { password }) => fail(password) }),
    ({ rename }) =>
      rename?.(
        new Recorder(),
        { ...object, password: secret('other', 'account.password') } as never,
        object as never,
      ),
  ],
  park: [
    (fail) => ({ park: ({ password }) => fail(password) }),
    ({ park }) => park?.({ ...object, password: secret('other', 'account.password') } as never),
  ],
  exists: [(fail) => ({ exists: () => fail(object.password) }), ({ exists }) => exists?.('a')],
  read: [(fail) => ({ read: () => fail(object.password) }), ({ read }) => read?.('a')],
  prune: [(fail) => ({ prune: () => fail(object.password) }), ({ prune }) => prune?.(new Recorder(), 'a')],
  protect: [
    (fail) => ({ protect: ({ password }) => fail(password) }),
    ({ protect }) => typeof protect === 'function' && protect(object as never),
  ],
  commit: [(fail) => ({ commit: () => fail(object.password) }), ({ commit }) => commit?.(new Recorder())],
  actions: [
    (fail) => ({ actions: { reset: (_, { password }) => fail(password) } }),
    ({ actions }) => actions?.reset?.(new Recorder(), object as never),
  ],
  'transfer.dump': [
    (fail) => moving({ dump: ({ password }) => fail(password) }),
    ({ transfer }) => transfer?.dump(object as never),
  ],
  'transfer.restore': [
    (fail) => moving({ restore: ({ password }) => fail(password) }),
    ({ transfer }) => transfer?.restore(object as never),
  ],
  'transfer.switch': [
    (fail) => moving({ switch: ({ password }) => fail(password) }),
    ({ transfer }) => transfer?.switch(object as never),
  ],
  'transfer.verify.original': [
    (fail) => moving({ verify: { original: ({ password }) => fail(password), restored: () => sh`true` } }),
    ({ transfer }) => transfer?.verify?.original(object as never),
  ],
  'transfer.verify.restored': [
    (fail) => moving({ verify: { original: () => sh`true`, restored: ({ password }) => fail(password) } }),
    ({ transfer }) => transfer?.verify?.restored(object as never),
  ],
} satisfies Record<Hook, [(fail: Fail) => Partial<Options>, (backend: Backend) => unknown]>

function moving(other: Partial<Transfer<typeof object>>): Partial<Options> {
  const nothing = () => sh`true`
  return { transfer: { dump: nothing, restore: nothing, switch: nothing, ...other } as never }
}

/** As whoever logs it may show it. */
function shown(error: unknown): string {
  const whole = inspect(error, { depth: 20, getters: true, showHidden: true, maxStringLength: null })
  return [whole, String(error), JSON.stringify(error), error instanceof Error ? error.stack : ''].join('\n')
}

function found(text: string): string[] {
  return fragments.filter((one) => text.includes(one))
}

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('it threw nothing')
}

describe.each(Object.entries(hooks))('what %s throws', (_, [make, call]) => {
  it.each(Object.entries(ways))('tells no secret by %s', (__, fail) => {
    const backend = defineBackend({ name: 'any', model: Account, ...(make(fail) as object) })
    expect(found(shown(thrownBy(() => call(backend))))).toEqual([])
  })
})

describe('what a call answers', () => {
  it.each(Object.entries(ways))(
    'tells no secret by %s, also when it is only like a promise',
    async (_, fail) => {
      const later = (password: Secret): PromiseLike<never> => {
        const then: PromiseLike<never>['then'] = (resolved, refused) =>
          Promise.resolve()
            .then(() => fail(password))
            .then(resolved, refused)
        return Object.fromEntries([['then', then]]) as never
      }
      const backend = defineBackend({
        name: 'any',
        model: Account,
        save: (script, { password }) => script.call('tell', () => later(password) as Promise<never>),
      })
      const recorder = new Recorder()
      backend.save?.(recorder, object as never)
      const [step] = recorder.steps
      if (step?.kind !== 'call') throw new Error('it is no call')
      const work = async () => step.work({ signal: AbortSignal.timeout(1_000), log: () => undefined })
      const error = await work().then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      expect(error).toBeDefined()
      expect(found(shown(error))).toEqual([])
    },
  )
})
