import { type ASTNode, type Context, ParseError, type ParseResult } from '@marcbachmann/cel-js'
import type { Model } from '../config/model.ts'
import { messageOf } from '../errors.ts'
import { Budget, MOST_STEPS } from './budget.ts'
import { chooserOf } from './chosen.ts'
import { invalidMatch, type Range } from './invalid.ts'
import { createLanguage, type Language } from './language.ts'
import { checkLiterals } from './literals.ts'
import { fieldsHint, type Path, readPath, readsOf, readsServer, type Subject } from './reads.ts'

/** What an expression says about one object. An error is not a no. */
export type MatchAnswer = 'matched' | 'not-matched' | { error: string }

/** A match expression that fits its model. */
export interface Match {
  readonly text: string
  /** Fields of the object that it reads. */
  readonly reads: readonly Path[]
  /** Whether its answer may be another for another server. */
  readonly readsServer: boolean
  /** The field that names the only servers it can match on, if it is such an expression. */
  readonly chooser: Path | undefined
  /** Applies it to an object that `prepare` made ready for it, and to a server that the language did where it reads one. */
  test(prepared: Prepared, server?: object): MatchAnswer
}

/** An object in the form that expressions run on, or why it has none. */
export type Prepared = { context: Readonly<Context> } | { error: string }

/** Makes an object ready for the expressions of its model, once for all of them. */
export function prepare(language: Language, object: unknown): Prepared {
  try {
    return { context: language.contextOf(object) }
  } catch (error) {
    return { error: `the object does not fit its schema: ${messageOf(error)}` }
  }
}

/**
 * Compiles a match expression: CEL with the model's object under the model's name, `site.plan == "pro"`.
 * @throws OrchestraError ORC_ROUTE_INVALID with the place and the reason
 */
export function compileMatch(model: Model, text: string): Match {
  return compileIn(createLanguage(model), text)
}

/** As `compileMatch`, for many expressions of one model. */
export function compileIn(language: Language, text: string): Match {
  try {
    return compileWhole(language, text)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const hint = 'Make several routes of it, or have the loader add a field that says it'
    throw invalidMatch(text, { start: 0, end: text.length }, 'it is nested too deeply', hint)
  }
}

function compileWhole(language: Language, text: string): Match {
  const subject: Subject = { language, text }
  const checking = parse(language.checking, subject)
  const reads = readsOf(checking.ast, subject)
  checkTypes(checking, subject)
  checkLiterals(checking.ast, subject)
  const running = parse(language.running, subject)
  checkTypes(running, subject)
  const budget = new Budget(running.ast)
  const absent = (context: Readonly<Context>) => nullsOf(reads, language.variable, context)
  return {
    text,
    reads,
    readsServer: readsServer(checking.ast, subject),
    chooser: chooserOf(checking.ast, subject),
    test: (prepared, server) => {
      if ('error' in prepared) return prepared
      const { context } = prepared
      const own = server === undefined ? context : { ...context, [language.serverVariable]: server }
      return verdict({ run: running, budget }, own, absent)
    },
  }
}

function parse(environment: Language['running'], { language, text }: Subject): ParseResult {
  try {
    return environment.parse(text)
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    const range = rangeOf(error, text)
    const hint = reservedField(text, range) ?? fieldsHint(language)
    throw invalidMatch(text, range, error.summary, hint)
  }
}

/** A field may be called like a word of the language, and is then written otherwise. */
function reservedField(text: string, { start }: Range): string | undefined {
  const word = /^(in|true|false|null)\b/.exec(text.slice(start))?.[0]
  if (word === undefined || !text.slice(0, start).trimEnd().endsWith('.')) return undefined
  return `\`${word}\` is a word of the language: write ["${word}"] instead of .${word}`
}

function checkTypes(parsed: ParseResult, { language, text }: Subject): void {
  const { valid, type, error } = parsed.check()
  const hint = fieldsHint(language)
  if (!valid) throw invalidMatch(text, rangeOf(error, text), error?.summary ?? 'it does not type-check', hint)
  if (type === 'bool' || type === 'dyn') return
  throw invalidMatch(text, wholeOf(parsed.ast), `it gives ${type}, not true or false`, hint)
}

function rangeOf(error: { range?: Range } | undefined, text: string): Range {
  return error?.range ?? { start: 0, end: text.length }
}

function wholeOf({ start, end }: ASTNode): Range {
  return { start, end }
}

const OVER_BUDGET = `it takes more than ${MOST_STEPS} steps on this object, and was given up`

function verdict(
  { run, budget }: { run: ParseResult; budget: Budget },
  context: Readonly<Context>,
  absent: (context: Readonly<Context>) => string[],
): MatchAnswer {
  budget.begin()
  try {
    const result: unknown = run(context)
    if (budget.isSpent) return { error: OVER_BUDGET }
    if (result === true) return 'matched'
    if (result === false) return 'not-matched'
    return { error: `it gives ${result === null ? 'null' : typeof result}, not true or false` }
  } catch (error) {
    if (budget.isSpent) return { error: OVER_BUDGET }
    const nulls = absent(context).map((field) => `${field} is null`)
    return { error: [reasonOf(error), ...nulls].join('; ') }
  }
}

/** Nearly always what an expression stumbles over. */
function nullsOf(reads: readonly Path[], variable: string, context: Readonly<Context>): string[] {
  const nulls = reads.flatMap((path) => {
    const end = path.findIndex((_, index) => readPath(context[variable], path.slice(0, index + 1)) === null)
    return end === -1 ? [] : [[variable, ...path.slice(0, end + 1)].join('.')]
  })
  return [...new Set(nulls)]
}

/** Without the picture of the text that the library draws: the route's text stands beside it already. */
function reasonOf(error: unknown): string {
  const summary = error instanceof Error && 'summary' in error ? error.summary : undefined
  return typeof summary === 'string' ? summary : messageOf(error)
}
