import type { z } from 'zod'
import { checkOptions, type NamesOf } from '../options.ts'
import type { Secret } from '../secrets/secret.ts'

/** The values of a key's columns as Postgres writes them in text, in the order of `Model.key`. */
export type Key = readonly string[]

/** Runs one query on the connection that the caller reads with: inside the open transaction for a plan. */
export interface LoaderContext {
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>
  signal: AbortSignal
}

/** Reads many objects at once. An object that no longer exists is left out; order is free. */
export type Loader<Raw> = (keys: readonly Key[], context: LoaderContext) => Promise<readonly Raw[]>

/** A table whose rows belong to an object: its change is a save of the object it references. */
export interface RelatedTable {
  table: string
  /** Column of the related table -> key column of the model's table. */
  references: Record<string, string>
  ignore?: readonly string[]
}

export interface ModelOptions<Schema extends z.ZodType, Secrets extends string> {
  name: string
  /** `table` or `schema.table`; without one, objects come by `orchestra.collect` only. */
  table?: string
  /** Key columns; default `id`. */
  key?: string | readonly string[]
  schema: Schema
  load?: Loader<z.input<Schema>>
  related?: readonly RelatedTable[]
  /** Columns whose change alone is not a change of the object. */
  ignore?: readonly string[]
  /** Top-level fields that are secret: encrypted at rest, a `Secret` in backends, masked everywhere. */
  secrets?: readonly Secrets[]
  /**
   * Top-level field that differs where a key was given to another object: a uuid, or the time at which the row was made. What stands of
   * the one before is removed, with its data, before anything is made. Without it, whoever has the key is the same object.
   */
  incarnation?: string
}

/** What backends receive: the schema's output with its secret fields as `Secret`. */
export type ObjectOf<Schema extends z.ZodType, Secrets extends string> = {
  [Field in keyof z.output<Schema>]: Field extends Secrets
    ? Secret | Extract<z.output<Schema>[Field], null | undefined>
    : z.output<Schema>[Field]
}

export interface Model<Schema extends z.ZodType = z.ZodType, Secrets extends string = string> {
  readonly name: string
  readonly table: string | null
  readonly key: readonly string[]
  readonly schema: Schema
  readonly load: Loader<z.input<Schema>> | undefined
  readonly related: readonly RelatedTable[]
  readonly ignore: readonly string[]
  readonly secrets: readonly Secrets[]
  readonly incarnation: string | null
}

const relatedTable: NamesOf<RelatedTable> = { table: true, references: true, ignore: true }

const modelOptions: NamesOf<ModelOptions<z.ZodType, string>> = {
  name: true,
  table: true,
  key: true,
  schema: true,
  load: true,
  related: true,
  ignore: true,
  secrets: true,
  incarnation: true,
}

/**
 * Defines a model: which table holds it, what it looks like, what belongs to it.
 * @throws OrchestraError ORC_OPTION_UNKNOWN
 */
export function defineModel<Schema extends z.ZodType, const Secrets extends string = never>(
  options: ModelOptions<Schema, Secrets>,
): Model<Schema, Secrets> {
  const where = `model \`${options.name}\``
  checkOptions(where, options, modelOptions)
  for (const related of options.related ?? []) checkOptions(`${where}: \`related\``, related, relatedTable)
  return {
    name: options.name,
    table: options.table ?? null,
    key: typeof options.key === 'string' ? [options.key] : (options.key ?? ['id']),
    schema: options.schema,
    load: options.load,
    related: options.related ?? [],
    ignore: options.ignore ?? [],
    secrets: options.secrets ?? [],
    incarnation: options.incarnation ?? null,
  }
}
