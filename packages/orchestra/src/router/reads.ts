import type { ASTNode } from '@marcbachmann/cel-js'
import type { Shape } from '../config/shape.ts'
import { invalidMatch } from './invalid.ts'
import type { Language } from './language.ts'

/** A field that an expression reads: `['owner', 'name']`; empty for the object as a whole. */
export type Path = readonly string[]

/** The value of a field, undefined where there is none. */
export function readPath(object: unknown, path: Path): unknown {
  let value = object
  for (const name of path) value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[name]
  return value
}

/** What one expression is, while it is checked. */
export interface Subject {
  language: Language
  text: string
}

/**
 * The fields of the object that an expression reads.
 * @throws OrchestraError ORC_ROUTE_INVALID for a field that is secret or does not exist
 */
export function readsOf(root: ASTNode, subject: Subject): Path[] {
  const found = new Map<string, Path>()
  const visit = (node: ASTNode) => {
    const chain = chainOf(node, subject.language.variable)
    if (chain !== undefined) {
      const path = checkChain(chain, subject)
      found.set(path.join('\0'), path)
    }
    for (const child of chain === undefined ? childrenOf(node) : chain.indexes) visit(child)
  }
  visit(root)
  return [...found.values()]
}

/** All nodes of an expression, outermost first. */
export function* nodesOf(node: ASTNode): Generator<ASTNode> {
  yield node
  for (const child of childrenOf(node)) yield* nodesOf(child)
}

/** The shape at the end of `site.owner.name`, if the node is such a chain and the schema tells. */
export function shapeAt(node: ASTNode, { language }: Subject): Shape | undefined {
  const chain = chainOf(node, language.variable)
  let shape: Shape | undefined = chain && language.shape
  for (const { name } of chain?.steps ?? [])
    shape = shape?.kind === 'object' ? shape.fields.get(name) : undefined
  return chain?.indexes.length === 0 ? shape : undefined
}

/** The path of a node that is such a chain and nothing else; undefined for any other. */
export function pathOf(node: ASTNode, { language }: Subject): Path | undefined {
  const chain = chainOf(node, language.variable)
  return chain === undefined || chain.indexes.length > 0 ? undefined : chain.steps.map(({ name }) => name)
}

/** Whether an expression asks about the server. */
export function readsServer(root: ASTNode, { language }: Subject): boolean {
  return [...nodesOf(root)].some(({ op, args }) => op === 'id' && args === language.serverVariable)
}

/** `site.owner["name"]` as its steps, as far as they are fixed; and the computed indexes behind or among them. */
interface Chain {
  steps: { name: string; node: ASTNode }[]
  indexes: ASTNode[]
}

function chainOf(node: ASTNode, variable: string): Chain | undefined {
  if (node.op === 'id') return node.args === variable ? { steps: [], indexes: [] } : undefined
  if (node.op !== '.' && node.op !== '[]') return undefined
  const chain = chainOf(node.args[0], variable)
  if (chain === undefined) return undefined
  const name = node.op === '.' ? node.args[1] : node.args[1].op === 'value' ? node.args[1].args : node.args[1]
  if (typeof name === 'string' && chain.indexes.length === 0) chain.steps.push({ name, node })
  else if (node.op === '[]') chain.indexes.push(node.args[1])
  return chain
}

function checkChain({ steps }: Chain, subject: Subject): Path {
  let shape = subject.language.shape
  const path: string[] = []
  for (const { name, node } of steps) {
    if (shape.kind !== 'object') return path
    const inner = shape.fields.get(name)
    if (inner === undefined) throw noSuchField(name, node, path, subject)
    path.push(name)
    shape = inner
  }
  return path
}

function noSuchField(name: string, node: ASTNode, path: Path, { language, text }: Subject): Error {
  const owner = [language.variable, ...path].join('.')
  const isSecret = path.length === 0 && language.model.secrets.includes(name)
  const range = { start: node.end - name.length, end: node.end }
  const place = text.slice(range.start, range.end) === name ? range : node
  const reason = isSecret
    ? `\`${owner}.${name}\` is secret, and routes cannot read secrets`
    : `\`${owner}\` has no field \`${name}\``
  return invalidMatch(text, place, reason, fieldsHint(language))
}

/** What an expression can use. */
export function fieldsHint({
  variable,
  serverVariable,
  shape,
}: Pick<Language, 'variable' | 'serverVariable' | 'shape'>): string {
  const fields = shape.kind === 'object' ? ` with ${[...shape.fields.keys()].join(', ')}` : ''
  return `The object is \`${variable}\`${fields}; the server is \`${serverVariable}\` with name, tags`
}

function childrenOf(node: ASTNode): ASTNode[] {
  return nodesIn(node.args)
}

/** Arguments are nodes, lists of them, lists of pairs of them, or plain values. */
function nodesIn(args: unknown): ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(nodesIn)
  return isNode(args) ? [args] : []
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}
