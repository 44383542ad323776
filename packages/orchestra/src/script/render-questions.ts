import { renderOwnership, renderShared } from './render-ownership.ts'
import { callOf } from './render-step.ts'
import { plain, type Rendered } from './rendered.ts'
import type { ScriptOperation, ScriptRequest } from './script-request.ts'

/** What the questions of all operations go by, and what belongs to none of them. */
export function renderBelongings({ list, shared }: ScriptRequest): Rendered[] {
  return [
    ...(list === undefined ? [] : [callOf('o_lists', list)]),
    ...(shared === undefined ? [] : renderShared(shared)),
  ]
}

/** Before any operation of a batch acts: what one would do to things that are not ours, it does not begin. */
export function renderQuestions(operations: readonly ScriptOperation[]): Rendered[] {
  const lines = operations.flatMap((operation) => {
    const questions = operation.ownership === undefined ? [] : renderOwnership(operation.ownership())
    return questions.length === 0 ? [] : [plain(`o_for ${operation.index}`), ...questions]
  })
  return lines.length === 0 ? [] : [...lines, plain('o_mark_all')]
}
