import { OrchestraError } from '../errors.ts'
import { isStreamed, type Streamed } from './objects.ts'
import { join, Rendered, renderText } from './rendered.ts'
import type { FileStep, Step, StreamedFileStep } from './steps.ts'

/** Reads the content of a file as it is made. */
export async function* readContent({ pieces, path }: StreamedFileStep): AsyncGenerator<Rendered> {
  for (const piece of pieces) {
    if (piece instanceof Rendered) yield piece
    else for await (const content of piece.pieces()) yield renderText(content, contentOf(path))
  }
}

/** The steps with all content in them, where all objects are at hand. */
export function withContent(steps: readonly Step[]): Step[] {
  return steps.map((step) => (step.kind === 'streamed-file' ? toFile(step) : step))
}

/** The file with this content. */
export function fileOf({ pieces: _, kind: __, ...rest }: StreamedFileStep, content: Rendered): FileStep {
  return { ...rest, kind: 'file', content }
}

function toFile(step: StreamedFileStep): FileStep {
  const content = step.pieces.flatMap((piece) =>
    piece instanceof Rendered ? [piece] : piecesAtHand(piece, step.path),
  )
  return fileOf(step, join(content))
}

function piecesAtHand(streamed: Streamed, path: string): Rendered[] {
  const pieces = streamed.pieces()
  if (!(Symbol.iterator in pieces)) {
    throw new OrchestraError('ORC_INTERNAL', `${contentOf(path)} cannot be read at once`)
  }
  return [...pieces].map((piece) => renderText(piece, contentOf(path)))
}

export function contentOf(path: string): string {
  return `the content of ${path}`
}

/** What a backend gave as a file's content, checked; null where it is made while it is sent. */
export function renderPieces(content: unknown, path: string): readonly (Rendered | Streamed)[] {
  const given: readonly unknown[] = Array.isArray(content) ? content : [content]
  return given.map((piece) =>
    typeof piece === 'object' && piece !== null && isStreamed(piece)
      ? piece
      : renderText(piece, contentOf(path)),
  )
}
