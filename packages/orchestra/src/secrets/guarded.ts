import { keepingSecrets, type SecretScope } from './scope.ts'
import { type Secret, secret } from './secret.ts'

type Unknown = (this: unknown, ...args: unknown[]) => unknown

const guarded = new WeakSet<object>()
const originals = new WeakMap<object, object>()

/** The function as its author wrote it. */
export function unguarded(work: object): object {
  return originals.get(work) ?? work
}

/**
 * The same object, whose functions tell no secret of what they are given by what they throw: all of them, also those in plain objects
 * in it, so that no caller can forget it and no method that is added later is left out.
 * @param except properties that are left as they are
 */
export function guardFunctions<Owner extends object>(owner: Owner, except: readonly string[] = []): Owner {
  if (guarded.has(owner)) return owner
  const own: Record<string, unknown> = {}
  for (const name of namesOf(owner)) {
    const value: unknown = Reflect.get(owner, name)
    const kept = except.includes(name) ? value : guardValue(value)
    if (kept !== value) own[name] = kept
  }
  const copy = isPlain(owner) ? { ...owner, ...own } : Object.assign(Object.create(owner), own)
  guarded.add(copy)
  return copy
}

function guardValue(value: unknown): unknown {
  if (typeof value === 'function') return guardFunction(value as Unknown)
  return isPlain(value) ? guardFunctions(value) : value
}

/** Also what its class gives it. */
function namesOf(owner: object): string[] {
  const names = new Set<string>()
  for (let at: object | null = owner; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const name of Object.getOwnPropertyNames(at)) if (name !== 'constructor') names.add(name)
  return [...names]
}

function guardFunction(work: Unknown): Unknown {
  if (guarded.has(work)) return work
  const keeping: Unknown = function (...args) {
    return keepingSecrets(args, () => work.apply(this, args.map(guardArgument)))
  }
  guarded.add(keeping)
  originals.set(keeping, work)
  return keeping
}

/** What a backend makes of each object is made later, outside of the call that it was given in. */
function guardArgument(value: unknown): unknown {
  if (!isMappable(value)) return value
  return { map: (write: Unknown) => value.map(guardPiece(write)) }
}

/** A piece of text goes out of the scope in which it was put together: what is secret in it goes along. */
function guardPiece(write: Unknown): Unknown {
  return function (...args) {
    return keepingSecrets(args, (scope) => {
      const pieces = write.apply(this, args)
      return Array.isArray(pieces) ? pieces.map((piece) => sealed(piece, scope)) : sealed(pieces, scope)
    })
  }
}

function sealed(piece: unknown, scope: SecretScope): unknown {
  const opened = typeof piece === 'string' ? scope.masked(piece) : null
  return opened === null ? piece : secret(String(piece), nameOf(opened.secrets))
}

function nameOf([first, ...others]: readonly Secret[]): string {
  return others.length === 0 && first !== undefined ? first.name : 'several'
}

function isMappable(value: unknown): value is { map(write: Unknown): unknown } {
  return isPlain(value) && Object.keys(value).length === 1 && typeof Reflect.get(value, 'map') === 'function'
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
