import { z } from 'zod'
import { type ErrorCode, isOrchestraError } from '../errors.ts'
import { DoneMeanwhile } from '../hooks/index.ts'
import { audit } from '../server/index.ts'
import { NotAgreed } from './agreement.ts'
import { checkInput } from './check-input.ts'
import type { Caller } from './context.ts'
import { nameField } from './fields.ts'
import { permit } from './permit.ts'
import type { Verb } from './verb.ts'

/** The audit keeps who it was, and terminals show it. */
const whoAsks = z.object({ name: nameField })

/** How one asks for a verb. */
export interface Ask<Schema extends z.ZodType, Output, Base extends Caller<never>> {
  verb: Verb<string, Schema, Output, Base>
  given: z.input<Schema>
  /** Opened only for what can be understood. */
  open: () => Promise<Base>
}

/**
 * Does what somebody asked for: the one way into every verb. What it changes is audited by whoever changes it, in the same transaction;
 * what was tried and failed is audited here.
 */
export async function perform<Schema extends z.ZodType, Output, Base extends Caller<never>>({
  verb,
  given,
  open,
}: Ask<Schema, Output, Base>): Promise<Output> {
  const input = checkInput(verb, given)
  const context = await open()
  checkInput({ name: 'who asks', input: whoAsks }, context.principal)
  try {
    await permit(context, verb.name, input)
    return await verb.run(context, input)
  } catch (error) {
    if (verb.kind === 'write') {
      const { action, target } = verb.audit
      await noteFailure(context, { action, target: target(input) }, error)
    }
    throw error
  }
}

/** What was refused for how it was written did nothing to anybody: it names what is not there, or says nothing that can be meant. */
const misunderstood: ReadonlySet<ErrorCode> = new Set([
  'ORC_USAGE',
  'ORC_INPUT_INVALID',
  'ORC_MODEL_UNKNOWN',
  'ORC_BACKEND_UNKNOWN',
  'ORC_SERVER_UNKNOWN',
  'ORC_SERVER_INVALID',
  'ORC_ROUTE_UNKNOWN',
  'ORC_ROUTE_INVALID',
  'ORC_OBJECT_UNKNOWN',
  'ORC_SYNC_UNKNOWN',
  'ORC_TRASH_UNKNOWN',
  'ORC_UNIT_UNKNOWN',
  'ORC_UNIT_AMBIGUOUS',
  'ORC_LOG_UNKNOWN',
  'ORC_KEY_UNKNOWN',
  'ORC_REQUEST_UNKNOWN',
  'ORC_PLAN_UNKNOWN',
  'ORC_SCHEDULE_UNKNOWN',
  'ORC_DELIVERY_UNKNOWN',
  'ORC_INCIDENT_UNKNOWN',
  'ORC_USER_UNKNOWN',
  'ORC_TOKEN_UNKNOWN',
  'ORC_ROLE_UNKNOWN',
  'ORC_BINDING_UNKNOWN',
  'ORC_SESSION_UNKNOWN',
  'ORC_PASSWORD_WEAK',
  'ORC_CHANNEL_UNKNOWN',
  'ORC_VIEW_UNKNOWN',
  'ORC_CHANNEL_INVALID',
  'ORC_HOOK_UNKNOWN',
  'ORC_HOOK_INVALID',
])

/** Who does not agree has not tried, and what somebody else did meanwhile need not be done. */
function isAttempt(error: unknown): boolean {
  if (error instanceof NotAgreed || error instanceof DoneMeanwhile) return false
  return !misunderstood.has(codeOf(error))
}

/** Who is told that nothing is there, because he may not see it, was refused. */
function codeOf(error: unknown): ErrorCode {
  if (!isOrchestraError(error)) return 'ORC_INTERNAL'
  return isOrchestraError(error.cause) && error.cause.code === 'ORC_FORBIDDEN' ? error.cause.code : error.code
}

/** Whoever asked is told why it failed, not why that could not be noted. */
export async function noteFailure(
  { store, principal }: Caller<never>,
  entry: { action: string; target: string },
  error: unknown,
): Promise<void> {
  if (store === undefined || !isAttempt(error)) return
  const detail = { failed: codeOf(error) }
  await audit(store, { ...entry, by: principal.name, detail }).catch(() => undefined)
}
