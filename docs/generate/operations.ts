import { z } from 'zod'
import { operations } from '../../packages/orchestra/src/operate/index.ts'
import type { AnyVerb } from '../../packages/orchestra/src/operate/verb.ts'

/** A row of a table for each verb. */
export function operationRows(): string[] {
  return operations.map(rowOf)
}

function rowOf(verb: AnyVerb): string {
  const { name, about, needs, answers } = verb
  const entry =
    verb.kind === 'read' ? '' : [verb.audit.action, ...(verb.audit.also ?? [])].map(code).join(', ')
  return `| ${code(name)} | ${about} | ${takes(verb)} | ${needs} | ${answers.replace('-', ' ')} | ${entry} |`
}

/** Its fields, by their names; where there are several ways to ask, all of them. */
function takes({ input }: AnyVerb): string {
  const schema = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' })
  const ways = (schema.anyOf ?? [schema]) as z.core.JSONSchema.Schema[]
  return ways.map(fieldsOf).join(', or ')
}

function fieldsOf({ properties = {}, required = [] }: z.core.JSONSchema.Schema): string {
  return Object.keys(properties)
    .map((name) => code(required.includes(name) ? name : `${name}?`))
    .join(', ')
}

function code(text: string): string {
  return `\`${text}\``
}
