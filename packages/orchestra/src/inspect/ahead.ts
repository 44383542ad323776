import type { Inspected } from './ask.ts'
import { type Examined, examine } from './examine.ts'
import type { Inspection } from './inspection.ts'
import type { InspectionPage } from './page.ts'

/** A page about which the server is asked. */
export interface AskedPage {
  page: Promise<InspectionPage>
  examined: Promise<Examined>
}

/** Where a page of placements begins. */
type PageCursor = NonNullable<InspectionPage['next']>

interface Ahead extends AskedPage {
  inspectionId: number
  cursor: PageCursor
  /** Of the claim under which it was asked: under the same one, no other worker has changed anything there meanwhile. */
  fence: number
  stop: AbortController
}

/** Asks a server about the next page while the answer about this one is written down. */
export class AskingAhead {
  #ahead: Ahead | undefined

  /** What is known of a page already, or will be soon. */
  async take(
    inspection: Inspection,
    inspected: Inspected,
    read: () => Promise<InspectionPage>,
  ): Promise<AskedPage> {
    const ahead = this.#ahead
    if (ahead === undefined || !isAbout(ahead, inspection, inspected)) {
      await this.forget()
      return askAbout(read(), inspected, new AbortController())
    }
    this.#ahead = undefined
    stopWith(inspected.signal, ahead.stop)
    return ahead
  }

  /** Asks about the page that begins at a cursor. It must be taken or forgotten. */
  ask({ id }: Inspection, cursor: PageCursor, page: Promise<InspectionPage>, inspected: Inspected): void {
    const stop = new AbortController()
    const asked = askAbout(page, inspected, stop)
    this.#ahead = { ...asked, inspectionId: id, cursor, fence: inspected.fence, stop }
  }

  /** Ends what is being asked: before a script runs there, whose work would be seen half done. */
  async forget(): Promise<void> {
    const ahead = this.#ahead
    this.#ahead = undefined
    ahead?.stop.abort()
    await ahead?.examined.catch(() => undefined)
  }
}

function isAbout(
  { inspectionId, fence, cursor }: Ahead,
  inspection: Inspection,
  inspected: Inspected,
): boolean {
  return inspectionId === inspection.id && fence === inspected.fence && beginsAt(cursor, inspection.cursor)
}

function beginsAt({ model, keyHash }: PageCursor, cursor: Inspection['cursor']): boolean {
  return cursor?.phase === 'placements' && cursor.model === model && cursor.keyHash === keyHash
}

function askAbout(page: Promise<InspectionPage>, inspected: Inspected, stop: AbortController): AskedPage {
  stopWith(inspected.signal, stop)
  const examined = page.then(({ expectations, questions }) =>
    examine({ ...inspected, signal: stop.signal }, expectations, questions),
  )
  // Whoever awaits the page learns of it.
  examined.catch(() => undefined)
  return { page, examined }
}

function stopWith(signal: AbortSignal, stop: AbortController): void {
  if (signal.aborted) stop.abort(signal.reason)
  signal.addEventListener('abort', () => stop.abort(signal.reason), { once: true })
}
