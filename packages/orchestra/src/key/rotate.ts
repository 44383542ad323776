import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { OrchestraError } from '../errors.ts'
import { audit } from '../server/control.ts'
import { readSetting, type Store, writeSetting } from '../store/index.ts'
import { newKey } from '../store/key-source.ts'
import { keyIdOf } from '../store/keyring.ts'
import { resealCanary } from './canary.ts'
import { changeKeyFile } from './key-file.ts'
import { type Pass, resealAll } from './reseal.ts'
import { renewRevisions } from './revisions.ts'
import { awaitWorkers } from './workers.ts'

/** The setting that says which key a rotation goes to, until it is over. */
const ROTATION = 'key-rotation'
const BETWEEN_PASSES = 200
const PATIENCE = 30_000

export type Progress =
  | { step: 'key-made' | 'awaits-workers' | 'encrypts'; keyId: string }
  | { step: 'resealing'; rows: number }

export interface RotateOptions {
  by: string
  signal: AbortSignal
  onProgress: (progress: Progress) => void
  /** Milliseconds to wait for workers to have the new key; default 30,000. */
  patience?: number
}

export type Rotation =
  /** Everything that a key here opens is sealed with this one; the others may be dropped. */
  | {
      kind: 'rotated'
      keyId: string
      formerKeyIds: readonly string[]
      resealed: number
      revisions: number
      unreadable: number
    }
  /** It was asked to stop. Run again, it goes on. */
  | { kind: 'stopped'; resealed: number }

/**
 * Encrypts everything with a new key while workers run: all get to know it, then all encrypt with it, then what is stored is sealed
 * again. What is done is seen from the keys and from what they sealed, so one that was cut off anywhere goes on when it is run again.
 * @throws OrchestraError ORC_KEY_NOT_SHARED, ORC_KEY_UNREADABLE, ORC_USAGE where `ORCHESTRA_KEY` has no other key
 */
export async function rotateKey(store: Store, config: Config, options: RotateOptions): Promise<Rotation> {
  const { keyring } = store
  keyring.reread()
  if (keyring.source?.kind === 'file') await takeNewKey(store, keyring.source.name, options)
  else if (keyring.ids.length === 1) throw oneKey(keyring.id)
  if (options.signal.aborted) return { kind: 'stopped', resealed: 0 }
  const keyId = keyring.id
  options.onProgress({ step: 'awaits-workers', keyId })
  await awaitWorkers(store, { keyId, wanted: 'encrypts-with', patience: patienceOf(options) }, options.signal)
  const pass = await resealUntilDone(store, options)
  const revisions = options.signal.aborted ? 0 : await renewRevisions(store, config, options.signal)
  if (options.signal.aborted) return { kind: 'stopped', resealed: pass.resealed }
  return finish(store, { by: options.by, pass, revisions })
}

/** Makes the key that is not there yet, and the first of them once every worker can read what it encrypts. */
async function takeNewKey(store: Store, path: string, options: RotateOptions): Promise<void> {
  const { keyring } = store
  const keyId = await nextKey(store, path, options)
  if (keyId === undefined || keyring.ids[0] === keyId) return
  options.onProgress({ step: 'awaits-workers', keyId })
  await awaitWorkers(store, { keyId, wanted: 'has', patience: patienceOf(options) }, options.signal)
  if (options.signal.aborted) return
  await changeKeyFile(path, (keys) =>
    keys.toSorted((one, other) => Number(keyIdOf(other) === keyId) - Number(keyIdOf(one) === keyId)),
  )
  keyring.reread()
  options.onProgress({ step: 'encrypts', keyId })
}

/** The key that this rotation goes to; undefined where the file's keys were put in order by hand. */
async function nextKey(store: Store, path: string, options: RotateOptions): Promise<string | undefined> {
  const { keyring } = store
  const begun = await readSetting<string>(store, ROTATION)
  if (begun !== undefined && keyring.ids.includes(begun)) return begun
  if (keyring.ids.length > 1) return undefined
  const key = newKey()
  const keyId = keyIdOf(key)
  // Noted first: a key in the file that nobody knows the purpose of would be taken for one to be dropped.
  await writeSetting(store, ROTATION, keyId)
  await changeKeyFile(path, (keys) => [...keys, key])
  keyring.reread()
  options.onProgress({ step: 'key-made', keyId })
  return keyId
}

/** Passes over everything until none finds anything: what was being written is met by the next. */
async function resealUntilDone(store: Store, { signal, onProgress }: RotateOptions): Promise<Pass> {
  let rows = 0
  let resealed = 0
  const onRows = (count: number) => {
    rows += count
    onProgress({ step: 'resealing', rows })
  }
  for (;;) {
    const pass = await resealAll(store, signal, onRows)
    resealed += pass.resealed
    if (signal.aborted || (pass.resealed === 0 && pass.left === 0)) return { ...pass, resealed }
    if (pass.left > 0) await sleep(BETWEEN_PASSES)
  }
}

async function finish(
  store: Store,
  { by, pass, revisions }: { by: string; pass: Pass; revisions: number },
): Promise<Rotation> {
  const [keyId = '', ...formerKeyIds] = store.keyring.ids
  await store.transaction(async (tx) => {
    await resealCanary(tx, store.keyring)
    await tx.query('delete from orchestra.setting where name = $1', [ROTATION])
    const detail = { formerKeyIds, resealed: pass.resealed }
    await audit(tx, { by, action: 'key.rotate', target: `key:${keyId}`, detail })
  })
  return {
    kind: 'rotated',
    keyId,
    formerKeyIds,
    revisions,
    resealed: pass.resealed,
    unreadable: pass.unreadable,
  }
}

/** The key that a rotation which was not finished goes to. */
export function rotationTo(store: Store): Promise<string | undefined> {
  return readSetting<string>(store, ROTATION)
}

function patienceOf({ patience }: RotateOptions): number {
  return patience ?? PATIENCE
}

function oneKey(keyId: string): OrchestraError {
  return new OrchestraError('ORC_USAGE', `ORCHESTRA_KEY has no key beside ${keyId}`, {
    hint: 'Make one with `openssl rand -hex 32`. First give every process OLD,NEW, then every process NEW,OLD, then run this again',
  })
}
