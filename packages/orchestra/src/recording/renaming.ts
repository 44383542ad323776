import type { Previous } from '../collector/index.ts'
import type { Backend } from '../config/backend.ts'
import { type Recording, record, recordOperation } from '../script/index.ts'

/** Saves that may take names over from each other. */
interface Named {
  /** What the object will be called. */
  identity: string | null
  /** What it was called. */
  previous: readonly Previous[]
}

/**
 * Saves in an order in which a name is given up before another object takes it. Where objects swap names, none can be first:
 * then the order stays.
 */
export function vacatingFirst<Operation extends Named>(operations: readonly Operation[]): Operation[] {
  const holders = new Map(
    operations.flatMap((operation) => operation.previous.map((one) => [one.identity, operation] as const)),
  )
  if (holders.size === 0) return [...operations]
  const ordered = new Set<Operation>()
  for (const operation of operations) {
    const waiting = new Set<Operation>()
    let next: Operation | undefined = operation
    while (next !== undefined && !ordered.has(next) && !waiting.has(next)) {
      waiting.add(next)
      next = next.identity === null ? undefined : holders.get(next.identity)
    }
    for (const one of [...waiting].reverse()) ordered.add(one)
  }
  return [...ordered]
}

/** Names that one object of a script gives up and another takes. */
export function contestedNames(operations: readonly Named[]): Set<string> {
  const given = new Map(
    operations.flatMap((operation) => operation.previous.map((one) => [one.identity, operation] as const)),
  )
  return new Set(
    operations.flatMap((operation) => {
      const { identity } = operation
      const giver = identity === null ? undefined : given.get(identity)
      return identity === null || giver === undefined || giver === operation ? [] : [identity]
    }),
  )
}

/** Of objects that swap names, the first has replaced what stood under the second's: that must not be removed as the second's. */
export function sparingTaken<Operation extends Named>(operations: readonly Operation[]): Operation[] {
  const taken = new Set<string>()
  return operations.map((operation) => {
    const previous = operation.previous.filter((one) => !taken.has(one.identity))
    if (operation.identity !== null) taken.add(operation.identity)
    return previous.length === operation.previous.length ? operation : { ...operation, previous }
  })
}

/** What becomes of what stands under former names, where a backend has no `rename`. */
export function formerOf(backend: Backend): 'gone' | 'left' {
  if (backend.rename !== undefined) return 'gone'
  return backend.onRename === 'keep' || backend.delete === undefined ? 'left' : 'gone'
}

/**
 * What has to be done before an object is saved under its new name. A rename that broke off may have left parts under each name,
 * so it is taken to its end before the next begins.
 * @param former the object as it was under each former name, oldest first
 */
export function recordRenames(
  backend: Backend,
  object: Record<string, unknown>,
  former: readonly Record<string, unknown>[],
  label: string,
): Recording[] {
  const { rename } = backend
  if (rename === undefined) {
    if (formerOf(backend) === 'left') return []
    return former.map((one) => recordOperation(backend, 'delete', one as never, label))
  }
  return former.map((one, index) =>
    record(`${backend.name}: ${label}`, (script) =>
      rename.call(backend, script, (former[index + 1] ?? object) as never, one as never),
    ),
  )
}

/** Recordings one after the other as one; the first that failed fails them all. */
export function joinRecordings(recordings: readonly Recording[]): Recording {
  const failed = recordings.find((recording) => recording.kind === 'failed')
  if (failed !== undefined) return failed
  return {
    kind: 'recorded',
    steps: recordings.flatMap((recording) => (recording.kind === 'recorded' ? recording.steps : [])),
  }
}
