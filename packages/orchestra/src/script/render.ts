import { createHash, randomBytes } from 'node:crypto'
import { OrchestraError } from '../errors.ts'
import { Secret } from '../secrets/secret.ts'
import { type Block, intoBatches, intoPhases, type Phase } from './batches.ts'
import { endLine } from './bootstrap.ts'
import { checkRunId } from './names.ts'
import { readPrelude, withPrelude } from './prelude.ts'
import type { Recording } from './record.ts'
import { type Ownership, renderOwnership, renderShared, type SharedOwnership } from './render-ownership.ts'
import { callOf, debtName, renderStep, type ShellStep } from './render-step.ts'
import { join, plain, type Rendered, renderSecret } from './rendered.ts'
import { fitting, sizeOf, sizeProblem } from './size.ts'
import type { OwnStep, ReloadStep, Step } from './steps.ts'

/** One operation of a script, with the steps that its method recorded. */
export interface ScriptOperation {
  /** What results and output of this operation carry. */
  index: number
  /** What people read: `save site:12`. */
  label: string
  /** Operations of different actions keep their order in the script; those of one are interleaved. */
  action: string
  recording: Recording
  /** What it may touch; without it, nothing is asked. */
  ownership?: () => Ownership
}

export interface ScriptRequest {
  runId: string
  backend: string
  server: string
  /** Grows with every owner of the server's lane; a script with a lower one than the server saw does not run. */
  fence: number
  /** Seconds to wait for another script on the server. */
  lockWait?: number
  /** Seconds that a guard or a check may take; default no limit. */
  patience?: number
  /** Seconds after which its worker ends this script; another one ends it when the worker is gone. Default no limit. */
  limit?: number | undefined
  /** The run whose content this script brings ahead; default none, and then what waits for no run is removed. */
  ahead?: string
  /** Command that reads a program of `write` steps; default bash and the steps of a shell script. */
  interpreter?: readonly string[]
  operations: readonly ScriptOperation[]
  prepare?: Recording
  commit?: Recording
  /** What belongs to the backend as a whole. */
  shared?: SharedOwnership
  /** Prints the identities of all that the server has of this backend; tells what is there without a mark. */
  list?: Rendered
  /** Runs whose outcome is recorded: the server forgets them. */
  acknowledge?: readonly string[]
  /** 32 hexadecimal digits that delimit the output; default random. */
  token?: string
}

export interface ScriptFailure {
  index: number
  error: OrchestraError
}

export interface RenderedScript {
  /** What the server runs. */
  text: string
  /** What people see: secrets by name, the prelude as one line. */
  masked: string
  /** Delimits blocks in the output; for `createOutputParser`, and for nobody else. */
  token: string
  secrets: readonly Secret[]
  /** Operations that are not in the script, and why. */
  failures: readonly ScriptFailure[]
  /** The indexes of the operations that are. */
  included: readonly number[]
  /** The indexes of those that did not fit in and belong into another. */
  left: readonly number[]
}

/** One script for one backend on one server. Pure: the same request with a token gives the same text. */
export function renderScript(request: ScriptRequest): RenderedScript {
  checkRequest(request)
  const failures = failuresOf(request)
  const failed = new Set(failures.map((failure) => failure.index))
  const sound = request.operations.filter((operation) => !failed.has(operation.index))
  const operations = sound.slice(0, fitting(sound.map(({ recording }) => sizeOf(stepsOf(recording)))))
  const token = request.token ?? randomBytes(16).toString('hex')
  const body = join(
    [renderHead(request, token), ...renderBody({ ...request, operations }), plain('o_end')],
    '\n',
  )
  return {
    text: withPrelude(body.reveal(), endLine(request.runId)),
    masked: `${preludeLine()}\n${body.masked}\n${endLine(request.runId)}\n`,
    token,
    secrets: [...new Set(body.secrets)].filter((value) => value.name !== tokenName),
    failures,
    included: operations.map((operation) => operation.index),
    left: sound.slice(operations.length).map((operation) => operation.index),
  }
}

const tokenName = 'output-token'

function checkRequest({ runId, backend, fence, token, ahead, acknowledge = [] }: ScriptRequest): void {
  for (const id of [runId, ...acknowledge, ...(ahead === undefined ? [] : [ahead])]) checkRunId(id)
  if (!Number.isSafeInteger(fence) || fence < 0) throw internal(`the fence ${fence}`)
  if (token !== undefined && !/^[0-9a-f]{32}$/.test(token)) throw internal('the output token')
  if (!/^[A-Za-z0-9_][\w.-]{0,199}$/.test(backend)) {
    throw new OrchestraError('ORC_VALUE_INVALID', `a backend cannot be called ${JSON.stringify(backend)}`, {
      hint: 'Use letters, digits, dots, dashes and underscores; the name is that of a directory on the servers',
    })
  }
}

function internal(what: string): OrchestraError {
  return new OrchestraError('ORC_INTERNAL', `${what} of a script is not well formed`)
}

/** Where prepare or commit cannot be recorded, no operation can run. */
function failuresOf({ backend, operations, prepare, commit, interpreter }: ScriptRequest): ScriptFailure[] {
  const shared =
    problemOf(prepare, `${backend}: prepare`, interpreter) ??
    problemOf(commit, `${backend}: commit`, interpreter)
  return operations.flatMap(({ index, label, recording }) => {
    const error = shared ?? problemOf(recording, `${backend}: ${label}`, interpreter)
    return error ? [{ index, error }] : []
  })
}

function problemOf(
  recording: Recording | undefined,
  what: string,
  interpreter: readonly string[] | undefined,
): OrchestraError | null {
  if (!recording) return null
  if (recording.kind === 'failed') return recording.error
  const misplaced = recording.steps.find((step) =>
    interpreter ? step.kind !== 'write' && step.kind !== 'own' : notForShell(step),
  )
  if (!misplaced) return sizeProblem(what, recording.steps)
  return new OrchestraError(
    'ORC_SCRIPT_MIXED',
    `${what}: a \`${misplaced.kind}\` step cannot stand in a script for ${interpreter?.[0] ?? 'bash'}`,
    {
      hint: 'A backend uses either shell steps, or `write` with an interpreter, or `call` alone; make two backends of it',
    },
  )
}

function renderHead(request: ScriptRequest, token: string): Rendered {
  const { runId, backend, fence, lockWait = 60, acknowledge = [], ahead, patience, limit } = request
  const numbers = [plain(String(fence)), plain(String(lockWait)), renderSecret(new Secret(token, tokenName))]
  const bringing = ahead === undefined ? [] : [plain(ahead)]
  const lines = [
    ...renderLimit(limit),
    callOf('o_begin', plain(runId), plain(backend), ...numbers, ...bringing),
  ]
  if (patience !== undefined && Number.isFinite(patience))
    lines.push(callOf('o_patient', plain(String(patience))))
  if (acknowledge.length > 0) lines.push(callOf('o_acknowledge', ...acknowledge.map(plain)))
  return join(lines, '\n')
}

/** How long a script may have the lock; said before it asks for it. */
export function renderLimit(limit: number | undefined): Rendered[] {
  return limit === undefined || !Number.isFinite(limit)
    ? []
    : [callOf('o_within', plain(String(Math.ceil(limit))))]
}

function renderBody(request: ScriptRequest): Rendered[] {
  return request.interpreter ? renderProgram(request, request.interpreter) : renderShell(request)
}

/** What the questions of all operations go by, and what belongs to none of them. */
function renderBelongings({ list, shared }: ScriptRequest): Rendered[] {
  return [
    ...(list === undefined ? [] : [callOf('o_lists', list)]),
    ...(shared === undefined ? [] : renderShared(shared)),
  ]
}

function renderShell(request: ScriptRequest): Rendered[] {
  const { operations, prepare, commit } = request
  const shared = [...stepsOf(prepare), ...stepsOf(commit)]
  const own = operations.flatMap((operation) => stepsOf(operation.recording))
  const lines = [...renderReloads(shared, 'all'), ...renderReloads(own)]
  const commitSteps = shellSteps(stepsOf(commit))
  if (commitSteps.length > 0) lines.push(plain('o_follows'))
  lines.push(...renderBelongings(request))
  const prepareSteps = shellSteps(stepsOf(prepare))
  if (prepareSteps.length > 0) lines.push(...renderAlone('prepare', prepareSteps), plain('o_prepared'))
  lines.push(...renderOperations(operations))
  if (commitSteps.length > 0) lines.push(...renderAlone('commit', commitSteps), plain('o_results commit'))
  return lines
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
  return [...renderLook(steps), ...phases.flatMap((phase) => renderPhase(phase, opening))]
}

function renderOperations(operations: readonly ScriptOperation[]): Rendered[] {
  const byIndex = new Map(operations.map((operation) => [String(operation.index), operation]))
  const openings = new Map([...byIndex].map(([index, operation]) => [index, renderOpening(operation)]))
  const blocks: Block[] = operations.map(({ index, action, recording }) => ({
    index: String(index),
    group: action,
    steps: shellSteps(stepsOf(recording)),
  }))
  return intoBatches(blocks).flatMap((batch) => [
    ...renderQuestions(batch.flatMap(({ index }) => byIndex.get(index) ?? [])),
    ...renderBatch(batch, openings),
  ])
}

/** Before any operation of a batch acts: what one would do to things that are not ours, it does not begin. */
function renderQuestions(operations: readonly ScriptOperation[]): Rendered[] {
  const lines = operations.flatMap((operation) => {
    const questions = operation.ownership === undefined ? [] : renderOwnership(operation.ownership())
    return questions.length === 0 ? [] : [plain(`o_for ${operation.index}`), ...questions]
  })
  return lines.length === 0 ? [] : [...lines, plain('o_mark_all')]
}

function renderOpening({ index, label, recording }: ScriptOperation): Rendered {
  const reloads = stepsOf(recording).filter((step): step is ReloadStep => step.kind === 'reload')
  const names = [...new Set(reloads.map(debtName))]
  return callOf('o_op', plain(String(index)), plain(label), ...names.map(plain))
}

function renderBatch(batch: readonly Block[], openings: ReadonlyMap<string, Rendered>): Rendered[] {
  const phases = intoPhases(batch).flatMap((phase) => renderPhase(phase, openings, 'with results'))
  return [...renderLook(batch.flatMap(({ steps }) => steps)), ...phases]
}

/** The server looks at one directory when it is there, and at many together. */
function renderLook(steps: readonly ShellStep[]): Rendered[] {
  const paths = steps.flatMap((step) => ('path' in step ? [step.path] : []))
  const directories = [...new Set(paths.map((path) => path.slice(0, path.lastIndexOf('/')) || '/'))]
  return directories.length < 2 ? [] : [callOf('o_act_in', ...directories.map(plain))]
}

function renderPhase(
  phase: Phase,
  openings: ReadonlyMap<string, Rendered>,
  results?: 'with results',
): Rendered[] {
  const lines: Rendered[] = []
  const settled: string[] = []
  for (const { index, steps, pending, last } of phase) {
    lines.push(openings.get(index) ?? plain(`o_op ${index}`), ...steps.flatMap(renderStep))
    // What leaves nothing pending is told at once.
    if (last && pending) settled.push(index)
    else if (last && results) lines.push(plain(`o_results ${index}`))
  }
  if (phase.some((segment) => segment.pending)) lines.push(plain('o_settle'))
  if (settled.length > 0 && results) lines.push(plain(`o_results ${settled.join(' ')}`))
  return lines
}

/** A program of another language travels inside the shell script, so that lock, fence and journal are the same. */
function renderProgram(request: ScriptRequest, interpreter: readonly string[]): Rendered[] {
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

function stepsOf(recording: Recording | undefined): readonly Step[] {
  return recording?.kind === 'recorded' ? recording.steps : []
}

function shellSteps(steps: readonly Step[]): ShellStep[] {
  return steps.filter(
    (step): step is ShellStep => step.kind !== 'reload' && step.kind !== 'own' && !notForShell(step),
  )
}

function notForShell(step: Step): step is Exclude<Step, ShellStep | ReloadStep | OwnStep> {
  return step.kind === 'write' || step.kind === 'call' || step.kind === 'streamed-file'
}

function preludeLine(): string {
  const { front, behind } = readPrelude()
  const digest = createHash('sha256').update(front).update(behind).digest('hex').slice(0, 12)
  return `# Orchestra's prelude ${digest}`
}
