import type { Recording } from './record.ts'
import type { Claim, Step } from './steps.ts'

/** What recordings make and remove, each thing once. What could not be recorded claims nothing. */
export function claimsOf(...recordings: readonly Recording[]): Claim[] {
  const claims = new Map<string, Claim>()
  for (const claim of recordings.flatMap(ofRecording)) {
    const name = claim.kind === 'thing' ? `@${claim.name}` : claim.path
    // What is removed somewhere is no shared directory.
    if (!claims.has(name) || claim.kind === 'path') claims.set(name, claim)
  }
  return [...claims.values()]
}

function ofRecording(recording: Recording): Claim[] {
  return recording.kind === 'recorded' ? recording.steps.flatMap(ofStep) : []
}

function ofStep(step: Step): Claim[] {
  switch (step.kind) {
    case 'file':
    case 'streamed-file':
    case 'ahead-file':
    case 'symlink':
    case 'absent':
    case 'trash':
      return [{ kind: 'path', path: step.path }]
    case 'directory': {
      const { path, mode, owner, group } = step
      return [{ kind: 'directory', path, mode, owner, group }]
    }
    case 'own':
      return [step.claim]
    default:
      return []
  }
}
