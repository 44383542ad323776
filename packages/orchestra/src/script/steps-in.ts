import type { Recording } from './record.ts'
import type { ShellStep } from './render-step.ts'
import type { OwnStep, ReloadStep, Step } from './steps.ts'

export function stepsOf(recording: Recording | undefined): readonly Step[] {
  return recording?.kind === 'recorded' ? recording.steps : []
}

export function shellSteps(steps: readonly Step[]): ShellStep[] {
  return steps.filter(
    (step): step is ShellStep => step.kind !== 'reload' && step.kind !== 'own' && !notForShell(step),
  )
}

export function notForShell(step: Step): step is Exclude<Step, ShellStep | ReloadStep | OwnStep> {
  return step.kind === 'write' || step.kind === 'call' || step.kind === 'streamed-file'
}
