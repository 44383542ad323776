import { runOn } from './host.ts'
import type { Trial } from './trial.ts'

/** Takes the marks away while something is done: those of objects, or that of what they share. */
export async function withoutMarks(
  trial: Trial,
  which: 'objects' | 'shared',
  work: () => Promise<void>,
): Promise<void> {
  const names = which === 'shared' ? 'shared' : '[0-9a-f]*'
  await onMarks(trial, `take mv "$marks" "$aside" "${names}"`)
  try {
    await work()
  } finally {
    await onMarks(trial, `take mv "$aside" "$marks" "${names}"`)
  }
}

/** Has the marks as they are now again after something was done, as after a connection that was lost before its end. */
export async function keepingMarks(trial: Trial, work: () => Promise<unknown>): Promise<void> {
  await onMarks(trial, 'take cp "$marks" "$aside" "*"')
  await work()
  await onMarks(trial, 'take mv "$aside" "$marks" "*"')
}

function onMarks({ backend, host }: Trial, command: string): Promise<string> {
  const lines = `take() {
  local marks
  mkdir -p -- "$3"
  shopt -s nullglob
  # shellcheck disable=SC2206
  marks=("$2"/$4)
  if ((\${#marks[@]})); then "$1" -f -t "$3" -- "\${marks[@]}"; fi
}
home=/var/lib/orchestra
((EUID == 0)) || home=$HOME/.local/state/orchestra
state=\${ORCHESTRA_STATE:-$home}
marks=$state/owned/${backend.name} aside=$state/owned-aside/${backend.name}
${command}`
  return runOn(host, lines, backend.user ?? null)
}
