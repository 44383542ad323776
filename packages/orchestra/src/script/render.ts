import { createHash, randomBytes } from 'node:crypto'
import { Secret } from '../secrets/secret.ts'
import { endLine } from './bootstrap.ts'
import { readPrelude, withPrelude } from './prelude.ts'
import { renderProgram } from './render-program.ts'
import { renderShell, type ShellLines } from './render-shell.ts'
import { callOf } from './render-step.ts'
import { join, plain, type Rendered, renderSecret } from './rendered.ts'
import type { ScriptRequest } from './script-request.ts'
import { fitting, sizeOf } from './size.ts'
import { stepsOf } from './steps-in.ts'
import { checkRequest, failuresOf, type ScriptFailure } from './unrenderable.ts'

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
  const { look, lines } = renderBody({ ...request, operations })
  const body = join([...look, renderHead(request, token), ...lines, plain('o_end')], '\n')
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

function renderBody(request: ScriptRequest): ShellLines {
  const { interpreter } = request
  return interpreter ? { look: [], lines: renderProgram(request, interpreter) } : renderShell(request)
}

function preludeLine(): string {
  const { front, behind } = readPrelude()
  const digest = createHash('sha256').update(front).update(behind).digest('hex').slice(0, 12)
  return `# Orchestra's prelude ${digest}`
}
