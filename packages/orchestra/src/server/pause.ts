import { type Queryable, readSetting, type Store, writeSetting } from '../store/index.ts'
import { announce, audit } from './control.ts'
import { type Doer, doerOf } from './doer.ts'

/** Why nothing runs anywhere. */
export interface Pause {
  by: string
  /** ISO 8601. */
  at: string
  reason: string
}

/** Lets all work wait, everywhere, until `resume`. Scripts that run already end by themselves. */
export async function pause(store: Store, options: Doer & { reason: string }): Promise<Pause> {
  const value: Pause = { by: doerOf(options), at: new Date().toISOString(), reason: options.reason }
  await store.transaction(async (tx) => {
    await writeSetting(tx, 'paused', value)
    await audit(tx, {
      by: value.by,
      action: 'pause',
      target: 'orchestra',
      detail: { reason: options.reason },
    })
    await announce(tx, 'paused')
  })
  return value
}

/** Answers whether there was a pause to end. */
export async function resume(store: Store, options: Doer = {}): Promise<boolean> {
  return store.transaction(async (tx) => {
    const removed = await tx.query(`delete from orchestra.setting where name = 'paused' returning name`)
    if (removed.length === 0) return false
    await audit(tx, { by: options.by, action: 'resume', target: 'orchestra' })
    await announce(tx, 'paused')
    return true
  })
}

/** The pause in force, if there is one. */
export async function isPaused(store: Queryable): Promise<Pause | undefined> {
  return readSetting<Pause>(store, 'paused')
}
