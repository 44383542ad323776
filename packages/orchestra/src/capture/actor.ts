import { OrchestraError } from '../errors.ts'

/** Who makes a change. A number is taken as text. */
export type Actor = string | number | bigint | null | undefined

/** @throws OrchestraError ORC_USAGE */
export function fixedActor(actor: unknown): string | undefined {
  const said = textOf(actor)
  if (said.kind === 'text') return said.text
  throw new OrchestraError('ORC_USAGE', `The actor of a unit of work is ${said.what}`, { hint: HINT })
}

const HINT = 'An actor is a text or a number that names who makes the change, such as a login name'

/**
 * Asks who makes a change. An answer of no use is said once, as a warning of the process, and the change then has no actor
 * of its own: it must not keep the application from writing.
 */
export function actorText(ask: () => unknown, where: string): string | undefined {
  const said = answerOf(ask)
  if (said.kind === 'text') return said.text
  warnOnce(where, `The actor that ${where} was given ${said.what}`)
  return undefined
}

type Said = { kind: 'text'; text: string | undefined } | { kind: 'useless'; what: string }

function answerOf(ask: () => unknown): Said {
  try {
    const said = textOf(ask())
    return said.kind === 'text' ? said : { kind: 'useless', what: `answered ${said.what}` }
  } catch (error) {
    return { kind: 'useless', what: `threw ${error instanceof Error ? error.message : typeof error}` }
  }
}

function textOf(actor: unknown): Said {
  if (actor === undefined || actor === null) return { kind: 'text', text: undefined }
  if (typeof actor === 'string') return { kind: 'text', text: actor }
  if (typeof actor === 'number' || typeof actor === 'bigint') return { kind: 'text', text: String(actor) }
  // A promise that fails later would end the process.
  if (actor instanceof Promise) actor.catch(() => undefined)
  return { kind: 'useless', what: kindOf(actor) }
}

function kindOf(value: unknown): string {
  if (value instanceof Promise) return 'a promise'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

const warned = new Set<string>()

function warnOnce(where: string, message: string): void {
  if (warned.has(where)) return
  warned.add(where)
  const detail = `${HINT}. Until it is one, changes are recorded without it`
  process.emitWarning(message, { type: 'OrchestraWarning', code: 'ORC_USAGE', detail })
}
