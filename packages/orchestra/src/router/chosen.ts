import type { ASTNode } from '@marcbachmann/cel-js'
import { type Path, pathOf, readPath, type Subject } from './reads.ts'

/**
 * The field of the object that names the servers an expression can match on at all: of `server.name == site.host` and of
 * `server.name in site.hosts`, also where more has to hold. With it an object is tried on those alone, however many servers there are.
 */
export function chooserOf(root: ASTNode, subject: Subject): Path | undefined {
  for (const { op, args } of conjuncts(root)) {
    if (op === 'in' && isServerName(args[0], subject)) return pathOf(args[1], subject)
    if (op !== '==') continue
    if (isServerName(args[0], subject)) return pathOf(args[1], subject)
    if (isServerName(args[1], subject)) return pathOf(args[0], subject)
  }
  return undefined
}

/** The names of servers in that field; undefined where it holds none, and each server has to be asked. */
export function chosenNames(object: unknown, chooser: Path): readonly string[] | undefined {
  const value = readPath(object, chooser)
  if (typeof value === 'string') return [value]
  const isList = Array.isArray(value) && value.every((name) => typeof name === 'string')
  return isList ? [...new Set(value)] : undefined
}

function conjuncts(node: ASTNode): ASTNode[] {
  return node.op === '&&' ? node.args.flatMap(conjuncts) : [node]
}

function isServerName(node: ASTNode, { language }: Subject): boolean {
  if (node.op !== '.' || node.args[1] !== 'name') return false
  const [owner] = node.args
  return owner.op === 'id' && owner.args === language.serverVariable
}
