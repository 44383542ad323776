import type { Verdict } from '../methods/verdict.ts'

/** Runs that are over, and of which a server keeps a journal until a script tells it to forget them. */
export interface Journals {
  /** Those that the next script is to tell of. */
  readonly forgotten: readonly string[]
  finish(runIds: readonly string[]): void
  forget(runIds: readonly string[]): void
}

/** One script, and the runs that it told the server to forget. */
export interface SentScript {
  runId: string
  forgets: readonly string[]
}

/** Notes what a script left there. Of what may still run, or may have, the server is asked first, by its journal. */
export function noteJournals(journals: Journals, { kind }: Verdict, { runId, forgets }: SentScript): void {
  // One that was stopped has come to its end perhaps, where it forgets.
  if (kind === 'ran') journals.forget(forgets)
  if (kind === 'ran' || kind === 'cancelled') journals.finish([runId])
}
