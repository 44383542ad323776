import { type BackendOptions, type Model, type NamesOf, type ObjectOf, OrchestraError } from 'orchestrajs'
import type { z } from 'zod'

/** What the application decides about its objects, whatever the service; as `defineBackend` takes it. */
export type Policies<Schema extends z.ZodType, Secrets extends string> = Pick<
  BackendOptions<Schema, Secrets>,
  'onMove' | 'onDrift' | 'onBroken' | 'ignore' | 'protect'
>

/** What every ready-made backend is told. */
export interface ServiceOptions<Schema extends z.ZodType, Secrets extends string>
  extends Policies<Schema, Secrets> {
  /** The application's own model. */
  model: Model<Schema, Secrets>
  /** Name of the backend; default the service's. Two backends of one service need two names. */
  name?: string
  /** Names of backends whose scripts run before this one's. */
  after?: readonly string[]
}

/** What all of them may be told, for `checkOptions`: plain JavaScript is told nothing by types. */
export const serviceNames: NamesOf<ServiceOptions<z.ZodType, string>> = {
  model: true,
  name: true,
  after: true,
  onMove: true,
  onDrift: true,
  onBroken: true,
  ignore: { lines: true, found: true, permissions: true },
  protect: true,
}

/** The options that a service hands on as they are. */
export function policiesOf<Schema extends z.ZodType, Secrets extends string>(
  options: Policies<Schema, Secrets>,
): Policies<Schema, Secrets> {
  const { onMove, onDrift, onBroken, ignore, protect } = options
  return {
    ...(onMove !== undefined && { onMove }),
    ...(onDrift !== undefined && { onDrift }),
    ...(onBroken !== undefined && { onBroken }),
    ...(ignore !== undefined && { ignore }),
    ...(protect !== undefined && { protect }),
  }
}

/** How an object of the application's model looks to the service. */
export type Mapping<Schema extends z.ZodType, Secrets extends string, Wanted> = (
  object: ObjectOf<Schema, Secrets>,
) => Wanted

/**
 * Checks what a mapping made of an object. The values end up in the configuration of daemons that run as root, so
 * nothing reaches a script that does not have exactly the form it should have.
 */
export function checked<Schema extends z.ZodType>(
  service: string,
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const problems = result.error.issues.map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`)
  throw new OrchestraError(
    'ORC_OBJECT_INVALID',
    `${service} cannot be made of this object: ${problems.join('; ')}`,
    {
      hint: "Correct the row, or refuse such values in the model's schema",
      cause: result.error,
    },
  )
}
