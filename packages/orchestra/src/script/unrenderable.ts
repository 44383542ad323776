import { OrchestraError } from '../errors.ts'
import { checkRunId } from './names.ts'
import type { Recording } from './record.ts'
import type { ScriptRequest } from './script-request.ts'
import { sizeProblem } from './size.ts'
import { notForShell } from './steps-in.ts'

export interface ScriptFailure {
  index: number
  error: OrchestraError
}

/** @throws OrchestraError ORC_VALUE_INVALID, ORC_INTERNAL */
export function checkRequest({ runId, backend, fence, token, ahead, acknowledge = [] }: ScriptRequest): void {
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
export function failuresOf({
  backend,
  operations,
  prepare,
  commit,
  interpreter,
}: ScriptRequest): ScriptFailure[] {
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
