import { Environment } from '@marcbachmann/cel-js'
import type { Model } from '../config/model.ts'
import { type Shape, shapeOf } from '../config/shape.ts'
import type { RoutedServer } from './destination.ts'
import { registerMembership, registerOperators } from './operators.ts'
import { type Class, converterOf, type Fields } from './value.ts'

/** What routes of one model are written in: CEL with the object under the model's name. */
export interface Language {
  readonly model: Model
  /** The model's name as an identifier: `mail-box` is `mail_box`. */
  readonly variable: string
  /** What the server is called that is asked about: `server`, or `server_` where the model is called so. */
  readonly serverVariable: string
  /** Without the secret fields, which no route can read. */
  readonly shape: Shape
  /** Tells what does not fit: here a field has its type even if it may be null. */
  readonly checking: Environment
  /** Runs: here a field that may be null, or any number, has the type of the value it holds. */
  readonly running: Environment
  /** Turns an object of the model into what expressions run on. */
  readonly contextOf: (object: unknown) => Readonly<Record<string, unknown>>
  /** Turns a server into what expressions run on. */
  readonly serverOf: (server: RoutedServer) => object
}

/** Words that CEL keeps for itself, and its types and namespaces, which are words of the language too. */
const reserved = new Set(
  `as break const continue else false for function if import in let loop namespace null package prototype return true var void
   while bool bytes cel double duration dyn google int list map null_type optional string timestamp type uint`.split(
    /\s+/,
  ),
)

/** The name that a model's objects have in match expressions. */
export function variableOf(model: Pick<Model, 'name'>): string {
  const variable = model.name.replaceAll('-', '_')
  return reserved.has(variable) ? `${variable}_` : variable
}

export function createLanguage(model: Model): Language {
  const variable = variableOf(model)
  const serverVariable = variable === 'server' ? 'server_' : 'server'
  const names = { variable, serverVariable }
  const shape = withoutSecrets(shapeOf(model.schema), model.secrets)
  const running = declare(names, shape, 'running')
  const convert = converterOf(shape, running.classes) ?? ((object: unknown) => object)
  return {
    model,
    variable,
    serverVariable,
    shape,
    checking: declare(names, shape, 'checking').environment,
    running: running.environment,
    contextOf: (object) => ({ [variable]: convert(object) }),
    serverOf: ({ name, tags }) => Object.assign(new running.Server(), { name, tags }),
  }
}

function withoutSecrets(shape: Shape, secrets: readonly string[]): Shape {
  if (shape.kind !== 'object') return shape
  const fields = new Map([...shape.fields].filter(([name]) => !secrets.includes(name)))
  return { ...shape, fields }
}

/** Of one expression: more than anybody writes, and few enough for what walks through them. */
const MOST_NODES = 10_000

interface Declared {
  environment: Environment
  classes: ReadonlyMap<Fields, Class>
  Server: Class
}

interface Names {
  variable: string
  serverVariable: string
}

function declare(
  { variable, serverVariable }: Names,
  shape: Shape,
  purpose: 'checking' | 'running',
): Declared {
  const environment = new Environment({ limits: { maxAstNodes: MOST_NODES } })
  const classes = new Map<Fields, Class>()
  const objectTypes: string[] = []
  const typeOf = (of: Shape, name: string): string => {
    if (of.nullable && purpose === 'running') {
      // Its class must be known all the same, for the values that are not null.
      typeOf({ ...of, nullable: false }, name)
      return 'dyn'
    }
    if (of.kind === 'object') return declareObject(of, name)
    if (of.kind === 'list') return `list<${typeOf(of.of, name)}>`
    if (of.kind === 'map') return `map<string, ${typeOf(of.of, name)}>`
    return of.kind === 'double' && purpose === 'running' ? 'dyn' : typeNames[of.kind]
  }
  const declareObject = (of: Shape & { kind: 'object' }, name: string): string => {
    const fields = [...of.fields].map(([field, inner], index) => {
      const part = isPlain(field) ? field : `field_${index}`
      return [field, typeOf(inner, `${name}.${part}`)]
    })
    const ctor = class {}
    environment.registerType(name, { ctor, fields: Object.fromEntries(fields) })
    objectTypes.push(name)
    classes.set(of.fields, ctor)
    return name
  }
  environment.registerVariable(variable, typeOf(shape, typeNameOf(variable)))
  const Server = class {}
  environment.registerType(serverType, { ctor: Server, fields: { name: 'string', tags: 'list<string>' } })
  environment.registerVariable(serverVariable, serverType)
  registerOperators(environment, objectTypes)
  if (purpose === 'checking') registerMembership(environment)
  return { environment, classes, Server }
}

/** Types of a model begin with a capital letter. */
const serverType = 'orchestraServer'

/** The library takes a single letter for a type's parameter. */
function typeNameOf(variable: string): string {
  const name = `${variable.charAt(0).toUpperCase()}${variable.slice(1)}`
  return name.length === 1 ? `${name}_` : name
}

/** Whether a field's name can be part of a type's, and is not like those that stand in for names that cannot. */
function isPlain(field: string): boolean {
  return /^\w+$/.test(field) && !/^field_\d+$/.test(field)
}

const typeNames = {
  string: 'string',
  int: 'int',
  double: 'double',
  bool: 'bool',
  timestamp: 'google.protobuf.Timestamp',
  null: 'dyn',
  unknown: 'dyn',
} as const
