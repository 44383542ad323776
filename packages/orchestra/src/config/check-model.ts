import { checkName, invalid, listed } from './check.ts'
import type { Model } from './model.ts'
import { fieldNames, fieldsOf, shapeOf } from './shape.ts'

export function checkModel(model: Model): void {
  const where = `model \`${model.name}\``
  checkName('model', model.name)
  if (model.table?.trim() === '')
    throw invalid(`${where} has an empty table name`, 'Leave `table` out if no table holds it')
  if (model.key.length === 0) throw invalid(`${where} has no key column`, 'Leave `key` out to use `id`')
  if (model.schema?._zod === undefined)
    throw invalid(`${where} has no zod schema`, 'Orchestra reads schemas of zod 4')
  checkFields(model, where)
  checkSecrets(model, where)
  checkIncarnation(model, where)
}

/** Every object of JavaScript has these already, so nothing could tell such a field from them. */
const builtinFields = ['__proto__', 'constructor']

function checkFields(model: Model, where: string): void {
  const builtin = [...fieldNames(shapeOf(model.schema))].find((name) => builtinFields.includes(name))
  if (builtin === undefined) return
  throw invalid(
    `${where} has a field \`${builtin}\`, as every object of JavaScript has`,
    'Give it another name in the schema; a loader renames columns: `select "constructor" as constructor_id`',
  )
}

function checkSecrets(model: Model, where: string): void {
  const fields = fieldsOf(model.schema)
  for (const secret of model.secrets) {
    if (model.key.includes(secret)) {
      throw invalid(
        `${where}: \`secrets\` names \`${secret}\`, which is part of the key`,
        'Keys are shown everywhere',
      )
    }
    if (fields === undefined || fields.has(secret)) continue
    const hint = `The schema has ${listed([...fields.keys()])}`
    throw invalid(`${where}: \`secrets\` names \`${secret}\`, which the schema does not have`, hint)
  }
}

function checkIncarnation({ incarnation, secrets, schema }: Model, where: string): void {
  if (incarnation === null) return
  const fields = fieldsOf(schema)
  if (fields !== undefined && !fields.has(incarnation)) {
    const hint = `The schema has ${listed([...fields.keys()])}`
    throw invalid(`${where}: \`incarnation\` names \`${incarnation}\`, which the schema does not have`, hint)
  }
  if (secrets.includes(incarnation)) {
    const hint = 'Take a field that may be read, as a uuid or the time at which the row was made'
    throw invalid(`${where}: \`incarnation\` names \`${incarnation}\`, which is secret`, hint)
  }
}
