import { OrchestraError } from '../errors.ts'
import { audit } from '../server/control.ts'
import type { Store } from '../store/index.ts'
import { keyIdOf } from '../store/keyring.ts'
import { changeKeyFile } from './key-file.ts'
import { rowsByKey } from './reseal.ts'
import { rotationTo } from './rotate.ts'

/**
 * Takes a key out of the key file, when nothing is encrypted with it any more.
 * @throws OrchestraError ORC_KEY_UNKNOWN, ORC_KEY_IN_USE, ORC_USAGE where keys come from `ORCHESTRA_KEY`
 */
export async function dropKey(store: Store, keyId: string, by: string): Promise<void> {
  const { keyring } = store
  keyring.reread()
  if (!keyring.ids.includes(keyId)) throw unknown(keyId, keyring.ids)
  await assertUnused(store, keyId)
  const { source } = keyring
  if (source?.kind !== 'file')
    throw new OrchestraError(
      'ORC_USAGE',
      `Nothing is encrypted with key ${keyId}, which comes from ORCHESTRA_KEY`,
      {
        hint: 'Take it out of ORCHESTRA_KEY wherever that is set',
      },
    )
  await changeKeyFile(source.name, (keys) => keys.filter((key) => keyIdOf(key) !== keyId))
  keyring.reread()
  await audit(store, { by, action: 'key.drop', target: `key:${keyId}` })
}

async function assertUnused(store: Store, keyId: string): Promise<void> {
  const { keyring } = store
  if (keyring.id === keyId || (await rotationTo(store)) === keyId)
    throw inUse(
      `Key ${keyId} is the one that encrypts`,
      'Only keys that were replaced can be dropped: `orchestra key rotate`',
    )
  const rows = (await rowsByKey(store)).get(keyId) ?? 0
  if (rows > 0)
    throw inUse(
      `${rows} rows are encrypted with key ${keyId}`,
      'Encrypt them with the new one first: `orchestra key rotate`',
    )
}

function inUse(message: string, hint: string): OrchestraError {
  return new OrchestraError('ORC_KEY_IN_USE', message, { hint })
}

function unknown(keyId: string, ids: readonly string[]): OrchestraError {
  return new OrchestraError('ORC_KEY_UNKNOWN', `There is no key ${JSON.stringify(keyId)} here`, {
    hint: `There is ${ids.join(', ')}; see \`orchestra key status\``,
  })
}
