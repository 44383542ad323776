import type { Recording } from './record.ts'
import { renderBelongings, renderQuestions } from './render-questions.ts'
import { callOf } from './render-step.ts'
import { join, plain, type Rendered } from './rendered.ts'
import type { ScriptRequest } from './script-request.ts'
import { stepsOf } from './steps-in.ts'

/** A program of another language travels inside the shell script, so that lock, fence and journal are the same. */
export function renderProgram(request: ScriptRequest, interpreter: readonly string[]): Rendered[] {
  const { operations, prepare, commit } = request
  const indexes = operations.map((operation) => operation.index).join(' ')
  return [
    ...renderBelongings(request),
    ...renderQuestions(operations),
    ...renderText('prepare', prepare),
    ...operations.flatMap(({ index, recording }) => renderText(String(index), recording)),
    ...renderText('commit', commit),
    callOf('o_interpret', ...interpreter.map(plain)),
    plain(`o_interpreted ${indexes}`),
    plain(`o_results ${indexes}`),
  ]
}

function renderText(index: string, recording: Recording | undefined): Rendered[] {
  const written = stepsOf(recording).flatMap((step) => (step.kind === 'write' ? [step.content] : []))
  if (written.length === 0) return []
  const text = join(
    written.map((content) => content.map((part) => (part.endsWith('\n') ? part : `${part}\n`))),
  )
  return [plain(`o_op ${index} ${index}`), callOf('o_text', text)]
}
