import type { ASTNode } from '@marcbachmann/cel-js'
import { messageOf } from '../errors.ts'
import { invalidMatch } from './invalid.ts'
import { patternOf } from './pattern.ts'
import { nodesOf, type Subject, shapeAt } from './reads.ts'

/**
 * Refuses what can be seen to be wrong before any object comes: `site.plan == "prro"`, where the schema knows all plans
 * there are, and patterns that are none.
 * @throws OrchestraError ORC_ROUTE_INVALID
 */
export function checkLiterals(root: ASTNode, subject: Subject): void {
  for (const node of nodesOf(root)) {
    if (node.op === '==' || node.op === '!=') {
      const [left, right] = node.args
      checkValues(left, [right], subject)
      checkValues(right, [left], subject)
    }
    if (node.op === 'in' && node.args[1].op === 'list') checkValues(node.args[0], node.args[1].args, subject)
    if (node.op === 'rcall' && node.args[0] === 'matches')
      for (const pattern of node.args[2]) checkPattern(pattern, subject)
  }
}

function checkValues(field: ASTNode, values: readonly ASTNode[], subject: Subject): void {
  const shape = shapeAt(field, subject)
  if (shape?.kind !== 'string' || shape.values === undefined) return
  for (const value of values) {
    if (value.op !== 'value' || typeof value.args !== 'string' || shape.values.includes(value.args)) continue
    const reason = `${subject.text.slice(field.start, field.end)} is never ${JSON.stringify(value.args)}`
    const hint = `It is one of ${shape.values.map((one) => JSON.stringify(one)).join(', ')}`
    throw invalidMatch(subject.text, value, reason, hint)
  }
}

function checkPattern(pattern: ASTNode, { text }: Subject): void {
  if (pattern.op !== 'value' || typeof pattern.args !== 'string') return
  try {
    patternOf(pattern.args)
  } catch (error) {
    throw invalidMatch(
      text,
      pattern,
      messageOf(error),
      'Patterns are those of RE2, which never take exponential time: without lookaround and backreferences',
    )
  }
}
