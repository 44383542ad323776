import { OrchestraError, withHint } from '../errors.ts'
import type { Verdict } from '../methods/verdict.ts'
import type { OperationResult } from '../script/index.ts'
import { quote } from '../script/sh.ts'
import type { ClaimedOperation } from './claim.ts'

/** Says what is not ours, and what to do about it. */
function notOurs(subject: string, { server, backend, object }: FailedPlace): string {
  const which = object === null ? '--all' : quote(object)
  const command = `orchestra adopt --backend ${backend} --server ${server} ${which}`
  return withHint(
    new OrchestraError('ORC_NOT_OURS', `${subject} is on ${server} already and is not ours (ORC_NOT_OURS)`, {
      hint: `Nothing was changed. It is taken over with: ${command}`,
    }),
  )
}

/** What failed, and where. */
export interface FailedPlace {
  server: string
  backend: string
  /** `site:12`; null where it is no object. */
  object: string | null
}

export function placeOf(
  server: string,
  { backend, model, object_key: key }: Pick<ClaimedOperation, 'backend' | 'model' | 'object_key'>,
): FailedPlace {
  return { server, backend, object: `${model}:${key}` }
}

/** What a script comes to on a server that runs functions. */
export function takesNoScripts(server: string): Verdict {
  return {
    kind: 'ran',
    rest: 'failure',
    how: 'did not run',
    reason: `${server} runs functions and this is a script`,
  }
}

/**
 * Why an operation failed, in words.
 * @param said what was printed where it failed
 */
export function failureText(result: OperationResult, place: FailedPlace, said: string | null = null): string {
  if (result.reason === 'foreign') return notOurs(result.subject ?? 'something', place)
  const status = `exit status ${result.exit}${said === null ? '' : `: ${said}`}`
  if (result.reason === 'step') return said === null ? `a step failed, ${status}` : status
  if (result.reason === 'check')
    return `the check of its file failed, ${status}; the file is as it was before`
  if (result.reason === 'before')
    return `the check of its file fails without the change too, ${status}; the file is as it was before`
  if (result.reason === 'prepare') return `nothing of it ran: the backend's prepare failed, ${status}`
  if (result.reason === 'commit') return `the backend's commit failed, ${status}`
  const [verb, ...service] = result.reason.split('.')
  return `applied, but ${service.join('.')} did not ${verb}, ${status}; it is owed and tried again`
}
