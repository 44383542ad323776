import { messageOf, OrchestraError } from '../errors.ts'
import { untilAborted } from '../methods/index.ts'
import type { OperationResult, Recording, ScriptEvent, ScriptOperation, Step } from '../script/index.ts'

type CallStep = Extract<Step, { kind: 'call' }>

/** Whether a backend's operations are functions that this process runs. */
export function usesCalls(operations: readonly { recording: Recording }[]): boolean {
  return operations.some(({ recording }) => recording.kind === 'recorded' && recording.steps.some(isCall))
}

/** Why an operation of such a backend cannot run: its method threw, or asked for steps that only a script can do. */
export function callProblem(recording: Recording): OrchestraError | undefined {
  if (recording.kind === 'failed') return recording.error
  const misplaced = recording.steps.find((step) => !isCall(step))
  if (misplaced === undefined) return undefined
  return new OrchestraError('ORC_SCRIPT_MIXED', `a \`${misplaced.kind}\` step cannot stand beside \`call\``, {
    hint: 'A backend uses either shell steps or `call` alone; make two backends of it',
  })
}

/** Runs the calls of one operation after the other and tells what a script would tell. Waits for none when `signal` aborts. */
export async function runCalls(
  operations: readonly ScriptOperation[],
  signal: AbortSignal,
  onEvent: (event: ScriptEvent) => void | Promise<void>,
): Promise<void> {
  for (const { index, recording } of operations) {
    if (signal.aborted) return
    if (recording.kind === 'failed' || callProblem(recording) !== undefined) continue
    const result = await runOperation(index, recording.steps.filter(isCall), signal, onEvent)
    if (result !== undefined) await onEvent({ kind: 'result', result })
  }
}

async function runOperation(
  index: number,
  steps: readonly CallStep[],
  signal: AbortSignal,
  onEvent: (event: ScriptEvent) => void | Promise<void>,
): Promise<OperationResult | undefined> {
  const tell = (stream: 'stdout' | 'stderr', line: string) =>
    onEvent({ kind: 'output', index, stream, bytes: Buffer.from(`${line}\n`) })
  let change: OperationResult['change'] = 'unchanged'
  for (const step of steps) {
    try {
      const work = async () => step.work({ signal, log: (line) => void tell('stdout', line) })
      const answer = await untilAborted(signal, work())
      if (signal.aborted) return undefined
      if (answer !== 'unchanged') change = 'changed'
    } catch (error) {
      await tell('stderr', `${step.name}: ${messageOf(error)}`)
      return { index, status: 'failed', exit: 1, reason: 'step', change }
    }
  }
  return { index, status: 'ok', exit: 0, reason: 'step', change }
}

function isCall(step: Step): step is CallStep {
  return step.kind === 'call'
}
