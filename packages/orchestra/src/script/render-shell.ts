import { type Block, intoBatches, intoPhases } from './batches.ts'
import { renderFirstLook, renderLook, renderPhase } from './render-phase.ts'
import { renderBelongings, renderQuestions } from './render-questions.ts'
import { callOf, debtName, type ShellStep } from './render-step.ts'
import { plain, type Rendered } from './rendered.ts'
import type { ScriptOperation, ScriptRequest } from './script-request.ts'
import type { ReloadStep, Step } from './steps.ts'
import { shellSteps, stepsOf } from './steps-in.ts'

/** What a script does, and where it begins to. */
export interface ShellLines {
  look: readonly Rendered[]
  lines: readonly Rendered[]
}

/** What is shared comes before and after what the operations do. */
export function renderShell(request: ScriptRequest): ShellLines {
  const { operations, prepare, commit } = request
  const shared = [...stepsOf(prepare), ...stepsOf(commit)]
  const own = operations.flatMap((operation) => stepsOf(operation.recording))
  const lines = [...renderReloads(shared, 'all'), ...renderReloads(own)]
  const commitSteps = shellSteps(stepsOf(commit))
  if (commitSteps.length > 0) lines.push(plain('o_follows'))
  lines.push(...renderBelongings(request))
  const prepareSteps = shellSteps(stepsOf(prepare))
  if (prepareSteps.length > 0) lines.push(...renderAlone('prepare', prepareSteps), plain('o_prepared'))
  const batches = batchesOf(operations)
  lines.push(...renderOperations(operations, batches))
  const look = renderFirstLook(prepareSteps, stepsIn(batches[0] ?? []))
  if (commitSteps.length > 0)
    lines.push(...renderLook(commitSteps), ...renderAlone('commit', commitSteps), plain('o_results commit'))
  return { look, lines }
}

/** Every reload of the script, declared before anything can owe it. */
function renderReloads(steps: readonly Step[], scope?: 'all'): Rendered[] {
  const reloads = new Map(
    steps.filter((step) => step.kind === 'reload').map((step) => [debtName(step), step.command]),
  )
  const ending = scope ? [plain(scope)] : []
  return [...reloads].map(([name, command]) => callOf('o_reload', plain(name), plain(command), ...ending))
}

function renderAlone(index: string, steps: readonly ShellStep[]): Rendered[] {
  const opening = new Map([[index, plain(`o_op ${index} ${index}`)]])
  const phases = intoPhases([{ index, group: index, steps }])
  return phases.flatMap((phase) => renderPhase(phase, opening))
}

function batchesOf(operations: readonly ScriptOperation[]): Block[][] {
  const blocks: Block[] = operations.map(({ index, action, recording }) => ({
    index: String(index),
    group: action,
    steps: shellSteps(stepsOf(recording)),
  }))
  return intoBatches(blocks)
}

function stepsIn(batch: readonly Block[]): ShellStep[] {
  return batch.flatMap(({ steps }) => steps)
}

function renderOperations(
  operations: readonly ScriptOperation[],
  batches: readonly (readonly Block[])[],
): Rendered[] {
  const byIndex = new Map(operations.map((operation) => [String(operation.index), operation]))
  const openings = new Map([...byIndex].map(([index, operation]) => [index, renderOpening(operation)]))
  return batches.flatMap((batch, position) => [
    ...renderQuestions(batch.flatMap(({ index }) => byIndex.get(index) ?? [])),
    ...(position === 0 ? [] : renderLook(stepsIn(batch))),
    ...intoPhases(batch).flatMap((phase) => renderPhase(phase, openings, 'with results')),
  ])
}

function renderOpening({ index, label, recording }: ScriptOperation): Rendered {
  const reloads = stepsOf(recording).filter((step): step is ReloadStep => step.kind === 'reload')
  const names = [...new Set(reloads.map(debtName))]
  return callOf('o_op', plain(String(index)), plain(label), ...names.map(plain))
}
