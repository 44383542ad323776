import { z } from 'zod'
import { vouchFor } from '../access/index.ts'
import { OrchestraError } from '../errors.ts'
import { faultIn, nameField, nameList } from '../operate/index.ts'
import type { Queryable } from '../store/index.ts'
import { handedOver } from './handover.ts'
import type { Authenticate } from './principal.ts'

/** Whom an application lets in, and to what. What is left out of servers, backends, models and actions is no limit. */
export interface Authorized {
  /** As the audit names him, behind `application:`. */
  name: string
  /** One that every store has, such as `viewer`, or one of your own. */
  role: string
  servers?: readonly string[]
  backends?: readonly string[]
  models?: readonly string[]
  actions?: readonly string[]
}

/** Says who makes a request; null or undefined for nobody. */
export type Authorize<Request> = (
  request: Request,
) => Authorized | null | undefined | Promise<Authorized | null | undefined>

interface AuthorizeOptions {
  db: Queryable
  authorize: Authorize<never>
  /** Milliseconds that the application has for saying it. */
  patience: number
  onError: (error: unknown, requestId: string) => void
}

/** Asks the application. Whatever it says that is not clearly somebody is nobody: no request is answered by accident. */
export function byApplication({ db, authorize, patience, onError }: AuthorizeOptions): Authenticate {
  return async ({ raw, requestId }) => {
    try {
      const said = await withinTime(async () => authorize(handedOver(raw)?.asked as never), patience)
      if (said === null || said === undefined) throw nobody()
      return { acting: await vouchFor(db, whoWasMeant(said)) }
    } catch (error) {
      if (error instanceof OrchestraError && error.code === 'ORC_HTTP_ANONYMOUS') throw error
      onError(error, requestId)
      throw failed()
    }
  }
}

const names = nameList.exactOptional()
const authorized = z.strictObject({
  name: nameField,
  role: nameField,
  servers: names,
  backends: names,
  models: names,
  actions: names,
})

/** A limit that is misspelt, or undefined, would be none: such an answer is refused as a whole. */
function whoWasMeant(said: unknown): z.output<typeof authorized> {
  const checked = authorized.safeParse(said)
  if (checked.success) return checked.data
  const faults = checked.error.issues.map((issue) => `\`${issue.path.join('.')}\` ${faultIn(issue)}`)
  throw new OrchestraError(
    'ORC_AUTHORIZE_FAILED',
    `authorize() answered what is nobody: ${faults.join('; ')}`,
  )
}

async function withinTime<Value>(work: () => Promise<Value>, patience: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const fail = () =>
      reject(new OrchestraError('ORC_AUTHORIZE_FAILED', 'authorize() did not answer in time'))
    timer = setTimeout(fail, patience)
  })
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}

function nobody(): OrchestraError {
  return new OrchestraError('ORC_HTTP_ANONYMOUS', 'Nobody is known who asks', {
    hint: 'Sign in to the application',
  })
}

/** Why is for the application's own log. */
function failed(): OrchestraError {
  return new OrchestraError('ORC_AUTHORIZE_FAILED', 'The application could not say who asks', {
    hint: 'The log of the application tells more, under the request id',
  })
}
