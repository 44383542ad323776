import type { Backend } from '../../config/backend.ts'
import { isOrchestraError, type OrchestraError, withHint } from '../../errors.ts'
import { objectsAfter } from '../../recording/regenerated-objects.ts'
import type { Span } from '../../recording/selection.ts'
import { type Rendered, recordSync, type Step } from '../../script/index.ts'
import { isStoreFailure, type Queryable } from '../../store/index.ts'
import type { Keyring } from '../../store/keyring.ts'
import { bringContent } from './bring.ts'
import { storeScript } from './operations.ts'
import type { StreamedSecrets } from './secrets.ts'
import type { Answer, Sender } from './sender.ts'

/** Why there is no script, in words. */
export type Unwritten = { kind: 'unwritten'; reason: string }

/** Whose configuration is written, and by what. */
export interface ContentOptions {
  db: Queryable
  keyring: Keyring
  backend: Backend
  selection: Span
  logId: number
  secrets: StreamedSecrets
  sender: Sender
}

/** What the server said, and what the script checked. */
export interface Sent {
  answer: Answer | Unwritten
  checks: readonly Rendered[]
}

/** Records the whole configuration, brings what is large ahead, and sends the script. */
export async function sendContent(options: ContentOptions): Promise<Sent> {
  const { db, logId, secrets, sender } = options
  const steps = stepsOf(options)
  if ('kind' in steps) return { answer: steps, checks: [] }
  const brought = await bring(steps, options)
  if (!Array.isArray(brought)) return { answer: brought, checks: [] }
  const checks = brought.flatMap((step) => ('check' in step && step.check !== null ? [step.check] : []))
  const rendered = sender.render(brought)
  secrets.add(rendered.secrets)
  await storeScript(db, logId, rendered.masked)
  const [failure] = rendered.failures
  return { answer: failure === undefined ? await sender.send(rendered) : unwritten(failure.error), checks }
}

function stepsOf({ db, keyring, backend, selection }: ContentOptions): readonly Step[] | Unwritten {
  const { name, sync = () => undefined } = backend
  const recording = recordSync({ name, sync }, objectsAfter(db, keyring, selection))
  return recording.kind === 'recorded' ? recording.steps : unwritten(recording.error)
}

async function bring(
  steps: readonly Step[],
  { sender, secrets }: ContentOptions,
): Promise<Step[] | Answer | Unwritten> {
  try {
    return await bringContent(steps, {
      send: (file, content) => sender.sendPart(file, content),
      seen: (seen) => secrets.add(seen),
    })
  } catch (error) {
    if (isOrchestraError(error) && !isStoreFailure(error)) return unwritten(error)
    throw error
  }
}

function unwritten(error: OrchestraError): Unwritten {
  return { kind: 'unwritten', reason: withHint(error) }
}
