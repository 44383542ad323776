import { createHash } from 'node:crypto'
import type { Backend } from '../config/backend.ts'
import { type Objects, readContent, recordSync } from '../script/index.ts'
import { fileMode } from '../script/render-step.ts'
import type { FileStep, Permissions, StreamedFileStep } from '../script/steps.ts'

/** A file that a regenerating backend writes, known by its digest: the content may be of any size. */
export interface RenderedFile extends Permissions {
  path: string
  /** SHA-256 in hexadecimal digits. */
  digest: string
  size: number
  mode: string
}

/**
 * What the files of a regenerating backend hold when a server has these objects, one after the other. Contents are read as they
 * are made and never held.
 * @throws OrchestraError where the backend cannot write an object
 */
export async function* renderedFiles(
  backend: Backend,
  objects: Objects<never>,
): AsyncGenerator<RenderedFile, void, undefined> {
  const { name, sync = () => undefined } = backend
  const recording = recordSync({ name, sync }, objects)
  if (recording.kind === 'failed') throw recording.error
  for (const step of recording.steps)
    if (step.kind === 'file' || step.kind === 'streamed-file') yield digestOf(step)
}

async function digestOf(step: FileStep | StreamedFileStep): Promise<RenderedFile> {
  const hash = createHash('sha256')
  let size = 0
  let holdsSecret = false
  for await (const piece of step.kind === 'file' ? [step.content] : readContent(step)) {
    hash.update(piece.reveal())
    size += Buffer.byteLength(piece.reveal())
    holdsSecret ||= piece.secrets.length > 0
  }
  const { path, owner, group } = step
  return { path, digest: hash.digest('hex'), size, mode: fileMode(step.mode, holdsSecret), owner, group }
}
