import type { ASTNode } from '@marcbachmann/cel-js'
import { patternOf } from './pattern.ts'

/** Steps of one evaluation: some milliseconds. A thousand names in a list, each compared with three others, take a tenth of them. */
export const MOST_STEPS = 100_000
/** How much of each is worth a step. */
const ITEMS = 32
const CHARACTERS = 1_024
const COMPARISONS = 512
/** Steps that making an error is worth. */
const ERROR = 50

/** The library's evaluation of a node, as far as it is counted. */
type Evaluate = (evaluator: Evaluator, node: Node, context: unknown) => unknown

interface Evaluator {
  run(node: Node, context: unknown): unknown
}

interface Node {
  op: string
  args: unknown
  evaluate: Evaluate
  meta: { alternate?: unknown; macro?: unknown }
}

/** Made once: `||` and `exists` take errors for answers and go on, so it may be thrown often. */
const spentUp = new Error('the budget is spent')

/**
 * Counts what an expression does, because nested lists in nested loops have no end that anybody would wait for. The library has no
 * bound of its own, so each node of a checked expression is made to count itself.
 */
export class Budget {
  #spent = 0

  constructor(root: ASTNode) {
    for (const node of nodesBelow(root)) this.#meter(node)
  }

  begin(): void {
    this.#spent = 0
  }

  get isSpent(): boolean {
    return this.#spent > MOST_STEPS
  }

  #spend(steps: number): void {
    this.#spent += steps
    if (this.isSpent) throw spentUp
  }

  /** The library replaces a node's evaluation by a better one at its first use: that one is counted too. */
  #meter(node: Node): void {
    let inner = node.evaluate
    const counted: Evaluate = (evaluator, self, context) => {
      this.#spend(1)
      try {
        const result = this.#match(node, evaluator, context) ?? inner.call(node, evaluator, self, context)
        this.#spend(sizeOf(result))
        return result
      } catch (error) {
        if (error !== spentUp) this.#spend(ERROR)
        throw error
      }
    }
    Object.defineProperty(node, 'evaluate', {
      get: () => counted,
      set: (evaluate: Evaluate) => {
        inner = evaluate
      },
    })
  }

  /** Undefined where a node is no `matches` of a text: the library says what is wrong with it. */
  #match(node: Node, evaluator: Evaluator, context: unknown): boolean | undefined {
    if (node.op !== 'rcall' || !Array.isArray(node.args) || node.args[0] !== 'matches') return undefined
    const [, receiver, [argument]] = node.args as [string, Node, [Node]]
    const text = evaluator.run(receiver, context)
    const pattern = evaluator.run(argument, context)
    if (typeof text !== 'string' || typeof pattern !== 'string') return undefined
    this.#spend((text.length * (pattern.length + 1)) / COMPARISONS)
    return patternOf(pattern).test(text)
  }
}

/** Steps that the next operation may take because of a value. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length / CHARACTERS
  if (Array.isArray(value)) return value.length / ITEMS
  return value instanceof Map || value instanceof Set ? value.size / ITEMS : 0
}

/** Also what macros became, which stands beside the tree. */
function nodesBelow(root: unknown): Set<Node> {
  const nodes = new Set<Node>()
  const seen = new Set<unknown>()
  const waiting: unknown[] = [root]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    if (isNode(value)) {
      nodes.add(value)
      waiting.push(value.args, value.meta.alternate, value.meta.macro)
    } else if (Array.isArray(value)) waiting.push(...value)
    else if (Object.getPrototypeOf(value) === Object.prototype) waiting.push(...Object.values(value))
  }
  return nodes
}

function isNode(value: object): value is Node {
  return 'op' in value && 'args' in value && 'evaluate' in value && 'meta' in value
}
