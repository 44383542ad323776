import { join } from 'node:path'
import { type InterfaceDeclaration, type Node, Project, type Symbol as Sign, type Type } from 'ts-morph'
import { clientTablePath } from './client.ts'

/** What endpoints answer, as OpenAPI tells it. */
export const answerSchemasPath = join(
  import.meta.dirname,
  '../../packages/orchestra/src/http/answer-schemas.ts',
)

const root = join(import.meta.dirname, '../..')

type Json = Readonly<Record<string, unknown>>

/** Kinds of endpoints that answer JSON. */
const TYPED: ReadonlySet<unknown> = new Set(['one', 'act', 'list'])

/** By endpoints what they answer, and the schemas that these refer to. */
export interface AnswerSchemas {
  answers: Json
  schemas: Json
}

/**
 * The types of what endpoints answer, as schemas: of the types that the checker sees, not of ones that somebody wrote beside them and that
 * would lie one day. It reads the client's table, which has to be written before.
 */
export function readAnswerSchemas(): AnswerSchemas {
  const table = clientTable()
  const schemas = new Schemas(table)
  const answers = table.getProperties().flatMap((entry): [string, Json][] => {
    const [kind, answer] = ['kind', 'answer'].map((name) =>
      entry.getType().getPropertyOrThrow(name).getTypeAtLocation(entry),
    ) as [Type, Type]
    if (!TYPED.has(kind.getLiteralValue())) return []
    return [[entry.getNameNode().getText().slice(1, -1), schemas.of(answer)]]
  })
  return { answers: Object.fromEntries(answers), schemas: schemas.named() }
}

/** The module that serves them. */
export function generateAnswerSchemas({ answers, schemas }: AnswerSchemas): string {
  return [
    '// Written by docs/generate.ts: what endpoints answer, of the types of what their verbs answer.',
    'type Json = Readonly<Record<string, unknown>>',
    `/** By the name of the endpoint; of a list its page. */\nexport const answers: Readonly<Record<string, Json>> = ${written(answers)}`,
    `/** What these refer to: \`#/components/schemas/Status\`. */\nexport const schemas: Readonly<Record<string, Json>> = ${written(schemas)}\n`,
  ].join('\n\n')
}

/** A line for each, so that a change of one is a line that differs. */
function written(values: Json): string {
  const lines = Object.entries(values).map(
    ([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},`,
  )
  return `{\n${lines.join('\n')}\n}`
}

function clientTable(): InterfaceDeclaration {
  const project = new Project({
    tsConfigFilePath: join(root, 'tsconfig.json'),
    skipAddingFilesFromTsConfig: true,
  })
  const file = project.addSourceFileAtPath(clientTablePath)
  return file.getInterfaceOrThrow('Table')
}

/** Turns types into schemas; those that have a name of their own are told once, under it. */
class Schemas {
  readonly #place: Node
  readonly #names = new Map<string, Sign>()
  readonly #schemas = new Map<string, Json>()

  constructor(place: Node) {
    this.#place = place
  }

  named(): Json {
    return Object.fromEntries([...this.#schemas].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }

  of(type: Type): Json {
    if (type.isAny() || type.isUnknown() || type.isTypeParameter()) return {}
    if (type.isLiteral() && !type.isEnumLiteral()) return literalSchema(type)
    if (type.isNull()) return { type: 'null' }
    if (type.isString() || type.isTemplateLiteral()) return { type: 'string' }
    if (type.isNumber()) return { type: 'number' }
    if (type.isBoolean()) return { type: 'boolean' }
    const name = this.#nameOf(type)
    if (name === undefined) return this.#ofParts(type)
    if (!this.#schemas.has(name)) {
      // First, because it may be made of itself.
      this.#schemas.set(name, {})
      this.#schemas.set(name, this.#ofParts(type))
    }
    return { $ref: `#/components/schemas/${name}` }
  }

  #ofParts(type: Type): Json {
    if (type.isUnion()) return this.#ofUnion(type)
    if (type.isTuple())
      return { type: 'array', prefixItems: type.getTupleElements().map((one) => this.of(one)) }
    if (type.isArray() || type.isReadonlyArray())
      return { type: 'array', items: this.of(type.getArrayElementTypeOrThrow()) }
    if (type.getSymbol()?.getName() === 'Date') return { type: 'string', format: 'date-time' }
    if (type.isIntersection() && type.getIntersectionTypes().some((one) => one.isString()))
      return { type: 'string' }
    return this.#ofProperties(type)
  }

  #ofUnion(type: Type): Json {
    const options = type.getUnionTypes().filter((one) => !one.isUndefined())
    const schemas = options.map((one) => this.of(one))
    const isBoolean = options.filter((one) => one.isBooleanLiteral()).length === 2
    const rest = schemas.filter(({ const: only }) => !isBoolean || typeof only !== 'boolean')
    const texts = rest.filter(({ const: only }) => typeof only === 'string')
    const joined = [
      ...(texts.length > 1 ? [{ type: 'string', enum: texts.map((one) => one.const) }] : texts),
      ...(isBoolean ? [{ type: 'boolean' }] : []),
      ...rest.filter((one) => !texts.includes(one)),
    ]
    const [only] = joined
    if (only !== undefined && joined.length === 1) return only
    return isSimple(joined) ? { type: joined.map((one) => one.type) } : { anyOf: joined }
  }

  #ofProperties(type: Type): Json {
    const values = type.getStringIndexType()
    const properties = type.getProperties().filter((one) => !one.getName().startsWith('__'))
    if (properties.length === 0)
      return { type: 'object', ...(values === undefined ? {} : { additionalProperties: this.of(values) }) }
    const entries = properties.map((one) => [one.getName(), this.#ofProperty(one)] as const)
    const required = properties.filter((one) => !mayLack(one, this.#place)).map((one) => one.getName())
    return {
      type: 'object',
      properties: Object.fromEntries(entries),
      ...(required.length > 0 ? { required } : {}),
    }
  }

  #ofProperty(property: Sign): Json {
    const schema = this.of(property.getTypeAtLocation(this.#place))
    const about = property.compilerSymbol
      .getDocumentationComment(undefined)
      .map(({ text }) => text)
      .join('')
    return about === '' ? schema : { description: about, ...schema }
  }

  /** Of what somebody declared under a name, and that takes no types. Two of one name have two. */
  #nameOf(type: Type): string | undefined {
    const sign = type.getAliasSymbol() ?? type.getSymbol()
    if (sign === undefined || type.isArray() || type.isReadonlyArray() || type.isTuple()) return undefined
    if (type.getTypeArguments().length > 0 || type.getAliasTypeArguments().length > 0) return undefined
    const name = sign.getName()
    if (['__type', '__object', 'Date'].includes(name)) return undefined
    for (let copy = 1; ; copy++) {
      const candidate = copy === 1 ? name : `${name}${copy}`
      const known = this.#names.get(candidate)
      if (known === undefined) this.#names.set(candidate, sign)
      if (known === undefined || known === sign) return candidate
    }
  }
}

function literalSchema(type: Type): Json {
  if (type.isBooleanLiteral()) return { const: type.getText() === 'true' }
  return { const: type.getLiteralValue() }
}

/** Types of which no more is to be told than their names. */
function isSimple(schemas: readonly Json[]): boolean {
  return schemas.every((one) => typeof one.type === 'string' && Object.keys(one).length === 1)
}

function mayLack(property: Sign, place: Node): boolean {
  const type = property.getTypeAtLocation(place)
  return property.isOptional() || (type.isUnion() && type.getUnionTypes().some((one) => one.isUndefined()))
}
