import type { Config } from '../config/config.ts'
import type { CustomerState } from '../config/wording.ts'
import type { Store } from '../store/index.ts'
import { fieldFaults } from './faults.ts'
import { type Known, readKnown } from './read.ts'
import { standOf } from './state.ts'
import type { Claim } from './token.ts'
import { textFor } from './wording.ts'

/** What a customer sees of one of his objects. */
export interface CustomerChange {
  /** `site:12` */
  object: string
  label: string
  state: CustomerState
  /** ISO 8601; null where nobody knows. */
  since: string | null
  text: string
}

export interface CustomerChanges {
  /** How many of them are not done. */
  count: number
  items: CustomerChange[]
}

/** How the objects of a claim are, in its order; those of which nothing is known are not there. */
export async function readChanges(
  { store, config }: { store: Store; config: Config },
  claim: Claim,
): Promise<CustomerChanges> {
  const known = await readKnown(store, claim)
  const found = await Promise.all(
    claim.objects.map((object, at) => changeOf({ store, config }, claim, object, known[at])),
  )
  const items = found.filter((one) => one !== null)
  return { count: items.filter(({ state }) => state !== 'done').length, items }
}

async function changeOf(
  { store, config }: { store: Store; config: Config },
  { locale }: Claim,
  { name, label, ...object }: Claim['objects'][number],
  known: Known | undefined,
): Promise<CustomerChange | null> {
  if (known === undefined) return null
  const faults = known.undecided && known.saved === null ? await fieldFaults(store, config, object) : null
  const stand = standOf({ ...known, isInvalid: faults !== null }, new Date())
  if (stand === null) return null
  const { state, since } = stand
  const text = textFor(state, locale, config.wording)
  const reasons =
    state === 'needs-you' && faults !== null && faults.length > 0 ? `: ${faults.join('; ')}` : ''
  return { object: name, label, state, since: since?.toISOString() ?? null, text: `${text}${reasons}` }
}
