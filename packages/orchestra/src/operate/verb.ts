import type { z } from 'zod'
import type { Counted } from '../query/index.ts'
import type { Caller, Context } from './context.ts'

/**
 * What a process has to have that runs a verb. `configuration`: that alone, and it works with a `Ground`. `store`: a connection. `key`:
 * the encryption key too, because it reads what is sealed. `servers`: it contacts servers, and has the key as well.
 */
export type Needs = 'configuration' | 'store' | 'key' | 'servers'

/** How a verb answers: soon, after as long as all objects or servers take, or piece by piece. */
export type Answers = 'soon' | 'late' | 'in-pieces'

/** The entry of the audit that a verb is known by: the same whether it was done or failed. */
export interface AuditRule<Input> {
  /** What the entry says was done. */
  action: string
  /** More actions that it may write, one for each part of what it did. */
  also?: readonly string[]
  /** What it says it was done to, when it failed. */
  target: (input: Input) => string
}

/** What a worker does in pieces, of something that was begun by a verb. */
export interface Carried {
  request: number
  /** In the name of whoever asked, with what he may do by then. */
  asking: () => Promise<Context<never>>
  /** Told of what nobody expected. */
  onError: (error: unknown) => void
}

interface VerbParts<Name extends string, Schema extends z.ZodType, Output, Base> {
  /** A noun and what is done to it: `server.hold`. */
  name: Name
  about: string
  needs: Needs
  answers: Answers
  /** What it is given or answers is secret, so it is written down nowhere, and whoever is asked does it himself. */
  secret?: true
  /**
   * What a worker does of it afterwards, by the number of the request that it left: again from where it was, when the worker is lost.
   */
  carry?: (carried: Carried) => Promise<unknown>
  /** All that it may be given. What is checked here needs no store. */
  input: Schema
  /** Answers exactly what the command prints with `--json`. */
  run(context: Base, input: z.output<Schema>): Promise<Output>
  /** Of a list: how many fit, on all pages; null where nobody knows without looking at all of them. */
  count?(context: Base, input: z.output<Schema>): Promise<Counted | null>
}

export interface ReadVerb<Name extends string, Schema extends z.ZodType, Output, Base = Context>
  extends VerbParts<Name, Schema, Output, Base> {
  kind: 'read'
}

export interface WriteVerb<Name extends string, Schema extends z.ZodType, Output, Base = Context>
  extends VerbParts<Name, Schema, Output, Base> {
  kind: 'write'
  audit: AuditRule<z.output<Schema>>
}

/** Something that a person can ask for. */
export type Verb<Name extends string, Schema extends z.ZodType, Output, Base = Context> =
  | ReadVerb<Name, Schema, Output, Base>
  | WriteVerb<Name, Schema, Output, Base>

/** What all verbs have in common for whoever only lists them. */
export type AnyVerb = Verb<string, z.ZodType, unknown, never>

/** What a verb answers. */
export type OutputOf<Asked extends { run: (...all: never[]) => Promise<unknown> }> = Awaited<
  ReturnType<Asked['run']>
>

/** The same question, answered by how many there are: as permitted and as refused as the list itself. */
export function counting(verb: AnyVerb): AnyVerb | undefined {
  const { count } = verb
  return verb.kind === 'read' && count !== undefined ? { ...verb, run: count } : undefined
}

/** A verb that changes nothing. */
export function reading<
  const Name extends string,
  Schema extends z.ZodType,
  Output,
  Base extends Caller<never> = Context,
>(parts: VerbParts<Name, Schema, Output, Base>): ReadVerb<Name, Schema, Output, Base> {
  return { ...parts, kind: 'read' }
}

/** A verb that changes something, which the audit tells of. */
export function writing<
  const Name extends string,
  Schema extends z.ZodType,
  Output,
  Base extends Caller<never> = Context,
>(
  parts: VerbParts<Name, Schema, Output, Base> & { audit: AuditRule<z.output<Schema>> },
): WriteVerb<Name, Schema, Output, Base> {
  return { ...parts, kind: 'write' }
}
