import type { Model } from '../config/model.ts'
import type { Shape } from '../config/shape.ts'
import { createLanguage } from './language.ts'

/** One thing that a match expression can read. */
export interface CompletionField {
  /** As it is written: `site.owner.name`, `server.tags`. */
  path: string
  type: string
  nullable: boolean
  /** All that it can be, where that is known. */
  values: readonly string[] | null
}

/** What a match expression of a model can be completed with. */
export interface Completion {
  model: string
  /** What the object is called, and the server. */
  variable: string
  serverVariable: string
  /** Without what is secret, which no route can read. */
  fields: CompletionField[]
}

/** Objects in objects, of which deeper ones are left to whoever writes. */
const DEEPEST = 6

export function completionOf(model: Model): Completion {
  const { variable, serverVariable, shape } = createLanguage(model)
  return {
    model: model.name,
    variable,
    serverVariable,
    fields: [
      ...fieldsIn(variable, shape, 0),
      { path: `${serverVariable}.name`, type: 'string', nullable: false, values: null },
      { path: `${serverVariable}.tags`, type: 'list<string>', nullable: false, values: null },
    ],
  }
}

function fieldsIn(path: string, shape: Shape, depth: number): CompletionField[] {
  if (shape.kind !== 'object' || depth === DEEPEST) return []
  return [...shape.fields].flatMap(([name, inner]) => {
    const own = /^[A-Za-z_]\w*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`
    const values = inner.kind === 'string' ? (inner.values ?? null) : null
    return [
      { path: own, type: typeOf(inner), nullable: inner.nullable, values },
      ...fieldsIn(own, inner, depth + 1),
    ]
  })
}

function typeOf(shape: Shape): string {
  return shape.kind === 'list' || shape.kind === 'map' ? `${shape.kind}<${typeOf(shape.of)}>` : shape.kind
}
