import {
  type AheadFileStep,
  fileOf,
  readContent,
  type Secret,
  type Step,
  type StreamedFileStep,
} from '../../script/index.ts'
import { fileMode } from '../../script/render-step.ts'
import { join, type Rendered } from '../../script/rendered.ts'
import type { Answer } from './sender.ts'

/** Bytes of content that one script carries at most. */
const BYTES_A_SCRIPT = 4 * 1024 * 1024

/** What content meets on its way. */
export interface Way {
  /** Takes a part of a file's content to the server. */
  send(file: number, content: Rendered): Promise<Answer>
  seen(secrets: readonly Secret[]): void
}

/**
 * Reads all content as it is made. What fits into one script stays in its steps; of a larger file the content is sent ahead in
 * parts. Answers the steps, or what became of a part that did not arrive.
 */
export async function bringContent(steps: readonly Step[], way: Way): Promise<Step[] | Answer> {
  const ready: Step[] = []
  let room = BYTES_A_SCRIPT
  for (const [index, step] of steps.entries()) {
    const brought = step.kind === 'streamed-file' ? await new Bringing(step, index, way).run(room) : step
    if ('verdict' in brought) return brought
    if (brought.kind === 'file') room -= bytesOf(brought.content)
    ready.push(brought)
  }
  return ready
}

/** The way of one file's content. */
class Bringing {
  readonly #step: StreamedFileStep
  readonly #file: number
  readonly #way: Way
  #held: Rendered[] = []
  #heldBytes = 0
  #sentBytes = 0
  #holdsSecret = false

  constructor(step: StreamedFileStep, file: number, way: Way) {
    this.#step = step
    this.#file = file
    this.#way = way
  }

  async run(room: number): Promise<Step | Answer> {
    for await (const piece of readContent(this.#step)) {
      this.#hold(piece)
      const lost = this.#heldBytes > (this.#sentBytes === 0 ? room : BYTES_A_SCRIPT) && (await this.#flush())
      if (lost) return lost
    }
    if (this.#sentBytes === 0) return fileOf(this.#step, join(this.#held))
    return (this.#heldBytes > 0 && (await this.#flush())) || this.#sentAhead()
  }

  #hold(piece: Rendered): void {
    this.#held.push(piece)
    this.#heldBytes += bytesOf(piece)
    if (piece.secrets.length === 0) return
    this.#holdsSecret = true
    this.#way.seen(piece.secrets)
  }

  /** Answers what became of the part when it did not arrive. */
  async #flush(): Promise<Answer | undefined> {
    const content = join(this.#held)
    this.#sentBytes += this.#heldBytes
    this.#held = []
    this.#heldBytes = 0
    const answer = await this.#way.send(this.#file, content)
    const arrived = answer.verdict.kind === 'ran' && answer.result?.status === 'ok'
    return arrived ? undefined : lostPart(answer)
  }

  #sentAhead(): AheadFileStep {
    const { pieces: _, ...rest } = this.#step
    const mode = fileMode(rest.mode, this.#holdsSecret)
    return { ...rest, kind: 'ahead-file', file: this.#file, size: this.#sentBytes, mode }
  }
}

/** A part that arrived as the connection broke or the script was stopped is no success: what follows it was not sent. */
function lostPart({ verdict, result, blamed }: Answer): Answer {
  return { verdict, blamed, result: result?.status === 'ok' ? undefined : result }
}

function bytesOf(content: Rendered): number {
  return Buffer.byteLength(content.reveal())
}
