import type { Phase } from './batches.ts'
import { callOf, renderStep, type ShellStep } from './render-step.ts'
import { plain, type Rendered } from './rendered.ts'

/** The server looks at one directory when it is there, and at many together. */
export function renderLook(steps: readonly ShellStep[]): Rendered[] {
  const directories = directoriesOf(steps)
  return directories.length < 2 ? [] : [lookingAt(directories)]
}

/**
 * What the first steps act in, said before anything begins: it is looked at together with where the server remembers. What a
 * backend prepares is acted in too.
 */
export function renderFirstLook(prepare: readonly ShellStep[], first: readonly ShellStep[]): Rendered[] {
  const made = prepare.flatMap((step) => (step.kind === 'directory' ? [step.path] : []))
  const directories = [...new Set([...directoriesOf(prepare), ...made, ...directoriesOf(first)])]
  return directories.length === 0 ? [] : [lookingAt(directories)]
}

function directoriesOf(steps: readonly ShellStep[]): string[] {
  const paths = steps.flatMap((step) => ('path' in step ? [step.path] : []))
  return [...new Set(paths.map((path) => path.slice(0, path.lastIndexOf('/')) || '/'))]
}

function lookingAt(directories: readonly string[]): Rendered {
  return callOf('o_act_in', ...directories.map(plain))
}

export function renderPhase(
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
