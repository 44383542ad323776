import { type Queryable, readSetting, type Store, writeSetting } from '../store/index.ts'
import type { Keyring } from '../store/keyring.ts'

const NAME = 'key-canary'
const TEXT = 'orchestra'
const PLACE = ['setting', NAME]

/**
 * Leaves a secret in the store that is known, so that a wrong key is noticed before it does harm.
 * @throws OrchestraError ORC_KEY_WRONG when the store was used with another key
 */
export async function sealCanary(store: Store): Promise<void> {
  await store.query(
    `insert into orchestra.setting (name, value) values ($1, to_jsonb($2::text)) on conflict (name) do nothing`,
    [NAME, store.keyring.sealAt(TEXT, PLACE)],
  )
  await checkCanary(store)
}

/**
 * Answers whether there is anything to check the key by.
 * @throws OrchestraError ORC_KEY_WRONG
 */
export async function checkCanary(store: Queryable & Pick<Store, 'keyring'>): Promise<boolean> {
  const sealed = await readSetting<string>(store, NAME)
  if (sealed === undefined) return false
  store.keyring.openAt(sealed, PLACE)
  return true
}

/** Has the key checked from now on by one that encrypts. */
export async function resealCanary(tx: Queryable, keyring: Keyring): Promise<void> {
  await writeSetting(tx, NAME, keyring.sealAt(TEXT, PLACE))
}
