import { OrchestraError } from '../errors.ts'

/** Nobody was there who could agree, or who was there did not: nothing was done. */
export class NotAgreed extends OrchestraError {
  constructor(message: string, hint: string) {
    super('ORC_USAGE', message, { hint })
  }
}
