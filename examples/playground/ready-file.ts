import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What other programs need to use a playground. */
export interface Ready {
  /** For any driver; with the password. */
  databaseUrl: string
  /** For psql, which reads the password from a file: no other user sees it in the list of processes. */
  psqlUrl: string
  /** The HTTP API, and where to come in; a link that lets in once, while nobody can. Null where it is not offered. */
  api: { url: string; page: string } | null
  /** The application's own page. */
  panel: string
  servers: { name: string; sshPort: number; url: string }[]
}

/** Writes `playground.json`, which appears whole or not at all. */
export async function writeReady(directory: string, ready: Ready): Promise<void> {
  const path = pathIn(directory)
  await writeFile(`${path}.new`, `${JSON.stringify(ready, null, 2)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

/** Nobody takes a playground that ended for one that runs. */
export async function removeReady(directory: string): Promise<void> {
  await rm(pathIn(directory), { force: true })
}

function pathIn(directory: string): string {
  return join(directory, 'playground.json')
}
