import { Readable } from 'node:stream'

/** A pipe between two jobs: who puts something in is asked to wait while the other end is busy. */
export class Conduit extends Readable {
  readonly #onTaken: () => void
  #room: PromiseWithResolvers<void> | undefined

  /** @param onTaken called when the other end takes something */
  constructor(onTaken: () => void) {
    super({ highWaterMark: 256 * 1024 })
    this.#onTaken = onTaken
  }

  put(pieces: readonly Uint8Array[]): Promise<void> | undefined {
    if (this.destroyed) return undefined
    let hasRoom = true
    for (const piece of pieces) hasRoom = this.push(piece)
    if (hasRoom) return undefined
    this.#room ??= Promise.withResolvers()
    return this.#room.promise
  }

  override _read(): void {
    this.#onTaken()
    this.#makeRoom()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#makeRoom()
    callback(error)
  }

  #makeRoom(): void {
    this.#room?.resolve()
    this.#room = undefined
  }
}
