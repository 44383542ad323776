import { readShell } from './shell-file.ts'

let cached: string | undefined

/** The shell functions that every script starts with, without their comments. */
export function readPrelude(): string {
  cached ??= ['place.sh', 'look.sh', 'prelude.sh', 'own.sh'].map(readShell).join('\n')
  return cached
}
