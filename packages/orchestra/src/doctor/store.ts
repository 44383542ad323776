import { isOrchestraError, messageOf } from '../errors.ts'
import { checkCanary } from '../key/index.ts'
import { sourceOf } from '../source/index.ts'
import { assertMigrated, type Store, storedVersion } from '../store/index.ts'
import { type Check, type Diagnosis, ok, problem } from './check.ts'

/** An error as the finding of the check that it ended. */
export function fromError(check: string, error: unknown): Diagnosis {
  return problem(check, messageOf(error), isOrchestraError(error) ? (error.hint ?? null) : null)
}

export async function checkMigrations(store: Store): Promise<Diagnosis> {
  try {
    await assertMigrated(store)
    return ok('migrations', `the schema is at version ${await storedVersion(store)}`)
  } catch (error) {
    return fromError('migrations', error)
  }
}

export const checkKey: Check = async ({ store }) => {
  if (!store.keyring.hasKey) return [ok('key', 'this process works without the key, so it was not checked')]
  try {
    if (await checkCanary(store)) return [ok('key', 'the key is the one that the store was used with')]
    return [ok('key', 'nothing was encrypted yet that the key could be checked by')]
  } catch (error) {
    return [fromError('key', error)]
  }
}

const INSTALLED =
  '`orchestra up` installs it, and then compares all objects of the model with what stands: nothing has to be changed again'

export const checkCapture: Check = async ({ store, loaded }) => {
  const statuses = await sourceOf(store).capture.status([...loaded.config.models.values()])
  const wrong = statuses.filter(({ state }) => state !== 'ok')
  const tables = new Set(statuses.map((status) => status.table))
  if (wrong.length === 0) return [ok('capture', `changes are captured of ${tables.size} tables`)]
  return wrong.map(({ detail, hint }) => problem('capture', detail, hint ?? INSTALLED))
}
