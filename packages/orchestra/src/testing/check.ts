import type { Backend } from '../config/backend.ts'
import type { Command } from '../script/index.ts'
import type { Fixture, RawObject, SealedObject } from './fixture.ts'
import { sealed } from './fixture.ts'
import type { TestHost } from './host.ts'
import type { PathPattern } from './tree.ts'
import { Trial } from './trial.ts'

/** What a check looks at. */
export const checkKinds = [
  'golden',
  'shellcheck',
  'secrets',
  'hostile',
  'twice',
  'removal',
  'change',
  'rename',
  'truth',
  'found',
  'foreign',
  'action',
] as const

export type CheckKind = (typeof checkKinds)[number]

/** One thing that a backend has to do right. */
export interface Check {
  kind: CheckKind
  /** What is the case when it passes: `shop: saved again, nothing changes`. */
  name: string
  /** Why it cannot be run here. */
  skip?: string
  /** Throws what is wrong. */
  run(): Promise<void>
}

/** What all checks of a backend go by. */
export interface Checked {
  backend: Backend
  fixtures: readonly Fixture[]
  /** A host for one check, and how to let go of it. */
  openHost(): Promise<{ host: TestHost; release(): Promise<void> }>
  leaves: readonly PathPattern[]
  varies: readonly PathPattern[]
  observe: readonly Command[]
  /** Where golden scripts are. */
  golden: string | undefined
  shellcheck: 'required' | 'if-installed'
  /** Fields that are shell, or configuration, by intention. */
  trusted: readonly string[]
}

/** Lets a check work on a host, and cleans up behind it. */
export async function withTrial(checked: Checked, work: (trial: Trial) => Promise<void>): Promise<void> {
  const { backend, leaves, varies, observe } = checked
  const { host, release } = await checked.openHost()
  const trial = new Trial({ backend, host, leaves, varies, observe })
  try {
    await trial.begin()
    try {
      await work(trial)
    } finally {
      await trial.end()
    }
  } finally {
    await release()
  }
}

/** A fixture as the methods receive it. */
export interface SealedFixture {
  name: string
  object: SealedObject
  changed?: SealedObject
  renamed?: SealedObject
}

export function seal({ backend }: Pick<Checked, 'backend'>, fixture: Fixture): SealedFixture {
  const { name, object, changed, renamed } = fixture
  const one = (raw: RawObject, what: string) => sealed(backend, raw, `${name}${what}`)
  return {
    name,
    object: one(object, ''),
    ...(changed === undefined ? {} : { changed: one(changed, ' (changed)') }),
    ...(renamed === undefined ? {} : { renamed: one(renamed, ' (renamed)') }),
  }
}

/** A check of one fixture on a host. */
export function objectCheck(
  checked: Checked,
  fixture: Fixture,
  kind: CheckKind,
  what: string,
  work: (trial: Trial, fixture: SealedFixture) => Promise<void>,
): Check {
  const run = () =>
    withTrial(checked, (trial) => {
      const ready = seal(checked, fixture)
      trial.willPlace(
        ...[ready.object, ready.changed, ready.renamed].filter((object) => object !== undefined),
      )
      return work(trial, ready)
    })
  return { kind, name: `${fixture.name}: ${what}`, run }
}
