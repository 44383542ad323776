import { SecretIndex } from './redact.ts'
import { safeError } from './safe-error.ts'
import { listening, type Secret } from './secret.ts'
import { secretsIn } from './secrets-in.ts'

/** More are not searched for: each takes about a kilobyte. */
const MOST_SECRETS = 10_000
const WITHHELD = '[withheld: too many secrets could stand in it]'

/**
 * What is secret while some code runs: what it was given, and each secret that it makes or opens. Nothing else can stand in what it
 * throws or says, for a secret's value comes from nowhere else.
 */
export class SecretScope {
  readonly #parent: SecretScope | undefined
  /** Looked through when something failed. */
  readonly #given: readonly unknown[]
  readonly #noted = new Set<Secret>()
  readonly #opened = new Set<Secret>()
  #index: { readonly of: number; readonly secrets: SecretIndex } | undefined

  constructor(parent: SecretScope | undefined, given: readonly unknown[]) {
    this.#parent = parent
    this.#given = given
  }

  note(secret: Secret): void {
    if (this.#noted.size <= MOST_SECRETS) this.#noted.add(secret)
    this.#parent?.note(secret)
  }

  noteOpened(secret: Secret): void {
    this.note(secret)
    if (this.#opened.size <= MOST_SECRETS) this.#opened.add(secret)
    this.#parent?.noteOpened(secret)
  }

  /**
   * A text that was put together here, as people may see it, with the secrets that may stand in it; null where none does. Only those
   * that were opened are looked for: a password that is a common word would else be told by every place where that is missing.
   */
  masked(text: string): { masked: string; secrets: readonly Secret[] } | null {
    const opened = [...this.#opened]
    if (opened.length === 0) return null
    if (opened.length > MOST_SECRETS) return { masked: WITHHELD, secrets: opened }
    if (this.#index?.of !== opened.length) this.#index = { of: opened.length, secrets: indexOf(opened) }
    const masked = this.#index.secrets.redact(text)
    return masked === text ? null : { masked, secrets: opened }
  }

  /** The text without these secrets. */
  redact(text: string): string {
    return this.#redaction()(text)
  }

  /** The same error, or where a secret stands in it, one like it that tells none. */
  safe(error: unknown): unknown {
    return safeError(error, this.#redaction())
  }

  #redaction(): (text: string) => string {
    const secrets = new Set(this.#all())
    if (secrets.size > MOST_SECRETS) return () => WITHHELD
    const index = indexOf([...secrets])
    return (text) => index.redact(text)
  }

  *#all(): Generator<Secret> {
    yield* this.#noted
    yield* secretsIn(this.#given)
    if (this.#parent !== undefined) yield* this.#parent.#all()
  }
}

/** Reading them is no use of them that others should hear of. */
function indexOf(secrets: readonly Secret[]): SecretIndex {
  return listening.exit(
    () => new SecretIndex(secrets.map((one) => ({ name: one.name, value: one.reveal() }))),
  )
}

/** The scope that runs now, for code that is run later and knows the same. */
export function currentScope(): SecretScope | undefined {
  const listener = listening.getStore()
  return listener instanceof SecretScope ? listener : undefined
}

/**
 * Runs code that is not Orchestra's own, on objects that may hold secrets. Whatever it throws, and whatever its promise is refused
 * with, tells none of them.
 * @param given what it gets to see
 */
export function keepingSecrets<Result>(
  given: readonly unknown[],
  work: (scope: SecretScope) => Result,
  parent = currentScope(),
): Result {
  const scope = new SecretScope(parent, given)
  try {
    const result = listening.run(scope, () => begun(work(scope)))
    if (!(result instanceof Promise)) return result
    return result.catch((error: unknown) => {
      throw scope.safe(error)
    }) as Result
  } catch (error) {
    throw scope.safe(error)
  }
}

/** What libraries for databases answer is often no promise, and begins its work when it is awaited. */
function begun<Result>(result: Result): Result {
  if (typeof result !== 'object' || result === null || result instanceof Promise) return result
  return typeof Reflect.get(result, 'then') === 'function' ? (Promise.resolve(result) as Result) : result
}
