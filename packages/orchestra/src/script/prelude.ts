import { readShell } from './shell-file.ts'

let cached: string | undefined

/** The shell functions that every script starts with, without their comments. */
export function readPrelude(): string {
  cached ??= `${readShell('place.sh')}\n${readShell('prelude.sh')}`
  return cached
}
