import { type ErrorCode, OrchestraError } from '../errors.ts'

/** Somebody asks too often, or for too much at once. */
export class Limited extends OrchestraError {
  /** After how many seconds it may be asked again. */
  readonly seconds: number

  constructor(code: ErrorCode, message: string, { seconds, hint }: { seconds: number; hint: string }) {
    super(code, message, { hint })
    this.seconds = seconds
  }
}
