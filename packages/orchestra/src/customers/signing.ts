import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { type Queryable, readSetting } from '../store/index.ts'
import type { Keyring } from '../store/keyring.ts'

/** What stands before 32 bytes that are an Ed25519 key, in the form that Node reads (PKCS 8). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The pair of keys that an encryption key makes: whoever has it signs, and whoever has the store verifies. */
interface Pair {
  id: string
  secret: KeyObject
  public: string
}

/** Public parts by the id of the encryption key, and when somebody last signed by it. */
type Published = Readonly<Record<string, { public: string; at: string }>>

const SETTING = 'customer-keys'
/** Milliseconds after which a public part is published again, and after which one that was not is no more taken: its key may be gone for a reason. */
const PUBLISHED_AGAIN = 1_800_000
const PUBLISHED_FOR = 7_200_000

/** Signs by the store's key, and lets processes verify that do not have it. */
export class Signer {
  readonly #keyring: Keyring
  readonly #db: Queryable
  #pair: Pair | undefined
  #publishedAt = Number.NEGATIVE_INFINITY

  constructor(db: Queryable, keyring: Keyring) {
    this.#db = db
    this.#keyring = keyring
  }

  /** @throws OrchestraError ORC_KEY_ABSENT */
  async sign(text: string): Promise<{ key: string; signature: Buffer }> {
    const { id } = this.#keyring
    if (this.#pair?.id !== id) {
      this.#pair = pairOf(id, this.#keyring.derive('tokens of customers'))
      this.#publishedAt = Number.NEGATIVE_INFINITY
    }
    const pair = this.#pair
    await this.#publish(pair)
    return { key: id, signature: sign(null, Buffer.from(text), pair.secret) }
  }

  async #publish({ id, public: key }: Pair): Promise<void> {
    const now = Date.now()
    if (now - this.#publishedAt < PUBLISHED_AGAIN) return
    await this.#db.query(PUBLISH, [SETTING, JSON.stringify({ [id]: { public: key, at: new Date(now) } })])
    this.#publishedAt = now
  }
}

const PUBLISH = `
insert into orchestra.setting (name, value) values ($1, $2::jsonb)
on conflict (name) do update set value = setting.value || excluded.value`

/** Whether a text was signed by that key, of late. */
export async function isSigned(
  db: Queryable,
  { text, key, signature }: { text: string; key: string; signature: Buffer },
): Promise<boolean> {
  const published = (await readSetting<Published>(db, SETTING)) ?? {}
  const one = Object.hasOwn(published, key) ? published[key] : undefined
  if (one === undefined || Date.now() - Date.parse(one.at) > PUBLISHED_FOR) return false
  const known = createPublicKey({ key: Buffer.from(one.public, 'base64'), format: 'der', type: 'spki' })
  return verify(null, Buffer.from(text), known, signature)
}

function pairOf(id: string, seed: Buffer): Pair {
  const secret = createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  const shown = createPublicKey(secret).export({ format: 'der', type: 'spki' }).toString('base64')
  return { id, secret, public: shown }
}
